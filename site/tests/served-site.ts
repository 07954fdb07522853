import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from '../build.ts';
import { freePort } from './free-port.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SERVER_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;

export interface ServedSite extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/**
 * The built site, served as `npm start` does, on a port of its own until it is disposed of.
 *
 * @throws Error when it cannot be built or served.
 */
export async function serveSite(): Promise<ServedSite> {
  await buildIfStale({ outDir: 'site/dist', base: '/' });
  const port = await freePort();
  const child = spawn(process.execPath, ['site/serve.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), SITE_BASE: '/', SITE_OUT: 'site/dist' },
  });
  const end = () => stop(child);
  try {
    await ready(child);
  } catch (error) {
    await end();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error('the site was not served in time')), SERVER_DEADLINE_MS);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('http://')) return;
      clearTimeout(deadline);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(deadline);
      reject(new Error(`site/serve.ts ended with ${code}`));
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(hard);
}
