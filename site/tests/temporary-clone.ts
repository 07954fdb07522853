/** A clone in a temporary folder, as a learner has one, with its own server: no attempt is left in this repository. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['checkpoints', 'diagrams', 'labs', 'site', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** The built pages stand for the same inputs there, so they are not built again. */
const STAMP = '.cache/site-site-dist.hash';
const NOT_COPIED = new Set(['node_modules', 'attempt', '.attempts', 'progress.json', 'bin', 'obj', '__pycache__']);
/** A build included, on a busy machine. */
const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 10_000;

export class TemporaryClone implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'clone-'));
  url = '';
  #server: ChildProcess | undefined;

  constructor() {
    for (const part of [...PARTS, STAMP].filter((path) => existsSync(join(ROOT, path)))) {
      const filter = (path: string) => !NOT_COPIED.has(basename(path));
      cpSync(join(ROOT, part), join(this.root, part), { recursive: true, filter });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
  }

  /** Serves it as `npm start` does. */
  async start(): Promise<void> {
    const port = await freePort();
    const { HOST: _host, SITE_BASE: _base, SITE_OUT: _out, WORKBOOK: _off, ...env } = process.env;
    const server = spawn(process.execPath, ['checkpoints/cli/node-24.mjs', 'site/serve.ts'], {
      cwd: this.root,
      env: { ...env, PORT: String(port), NODE_DISABLE_COMPILE_CACHE: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the clone was not served in time')), START_DEADLINE_MS);
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (!text.includes('http://')) return;
        clearTimeout(late);
        resolve();
      });
      server.once('exit', (code) => reject(new Error(`the server of the clone ended with ${code}`)));
    });
    this.url = `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (server && server.exitCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGINT');
      const hard = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(hard);
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
