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
  const end = () => stopServer(child);
  try {
    await untilServed(child, 'the site');
  } catch (error) {
    await end();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

/** Waits until `site/serve.ts` says where it serves. @param what it serves, for the error. */
export function untilServed(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(
      () => reject(new Error(`${what} was not served within ${SERVER_DEADLINE_MS} ms`)),
      SERVER_DEADLINE_MS,
    );
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('http://')) return;
      clearTimeout(deadline);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(deadline);
      reject(new Error(`site/serve.ts ended with ${code} before it served ${what}`));
    });
  });
}

/** Ends a server that was started, by force if it has to be. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(hard);
}
