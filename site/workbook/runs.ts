/** The runs under way: at most one a lab, each in a process of its own, its events streamed to the page that asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { printable } from '../../checkpoints/cli/wrap-text.ts';
import type { RunEvent } from './events.ts';

export type Operation = 'test' | 'test-all' | 'watch' | 'diff';

/** What one run may say. A watch may say it again for every save. */
export const MAX_RUN_CHARS = 1024 * 1024;
/** What the code under test may print beside it. The rest is left out, and the run goes on. */
const MAX_LOG_CHARS = 128 * 1024;
/** What may wait for a page that does not read. */
const MAX_WAITING_BYTES = 4 * MAX_RUN_CHARS;
/** Each brings processes, perhaps a browser's worth of memory. */
export const MAX_RUNS = 4;
/** Between asking a run to end and ending it. */
const STOP_DEADLINE_MS = 2_000;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const BEGUN = '{"kind":"begun"';

export class Runs {
  readonly #runs = new Map<string, Run>();

  /** What runs for a lab, by the word that a person would use. */
  running(slug: string): string | undefined {
    return this.#runs.get(slug)?.word;
  }

  get count(): number {
    return this.#runs.size;
  }

  /** Starts a run and streams it. The caller has made sure that there is none for the lab. */
  start(slug: string, operation: Operation, response: ServerResponse): void {
    const run = new Run(slug, operation, response);
    this.#runs.set(slug, run);
    void run.over.then(() => this.#runs.delete(slug));
  }

  /** Ends a lab's run, if there is one, and waits until it is over. */
  async cancel(slug: string): Promise<boolean> {
    const run = this.#runs.get(slug);
    if (!run) return false;
    run.stop(run.word === 'watch' ? 'The watch has ended.' : 'It was cancelled.');
    await run.over;
    return true;
  }

  /** Answers what a lab's run has asked. False: there is none to answer. */
  answer(slug: string, yes: boolean): boolean {
    const run = this.#runs.get(slug);
    run?.answer(yes);
    return run !== undefined;
  }

  async close(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const run of runs) run.stop('The server is ending.');
    await Promise.all(runs.map((run) => run.over));
  }
}

class Run {
  readonly word: string;
  /** Its process has ended and the page has been told. Never rejects. */
  readonly over: Promise<void>;
  readonly #child: ChildProcess;
  readonly #response: ServerResponse;
  #partial = '';
  #said = 0;
  #logged = 0;
  #isStopped = false;

  constructor(slug: string, operation: Operation, response: ServerResponse) {
    this.word = operation === 'watch' ? 'watch' : operation === 'diff' ? 'diff' : 'test';
    this.#response = response;
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.flushHeaders();
    this.#child = spawn(
      process.execPath,
      [here('../../checkpoints/cli/node-24.mjs'), here('run-process.ts'), operation, slug],
      { cwd: here('../..'), stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.over = new Promise((resolve) => {
      const end = () => {
        // Judges that were ended in the middle may hold the pipes for a moment; nobody wants what they say.
        response.end();
        resolve();
      };
      this.#child.once('close', (code, signal) => {
        if (!this.#isStopped && code !== 0) {
          this.#tell({ kind: 'stopped', text: `The run ended by itself (${signal ?? `exit ${code}`}).` });
        }
        end();
      });
      this.#child.once('exit', () => this.#isStopped && end());
      this.#child.once('error', (error) => {
        this.#tell({ kind: 'stopped', text: `The run could not be started: ${error.message}` });
        end();
      });
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#pass(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#log(text));
    response.once('close', () => this.stop('The page has gone.'));
  }

  stop(text: string): void {
    if (this.#isStopped || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#isStopped = true;
    this.#tell({ kind: 'stopped', text });
    this.#child.stdin?.end();
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS);
    this.#child.once('exit', () => clearTimeout(hard));
  }

  answer(yes: boolean): void {
    this.#child.stdin?.write(yes ? 'yes\n' : 'no\n');
  }

  /** Passes whole lines on: others of ours may come between them. */
  #pass(text: string): void {
    if (this.#isStopped) return;
    const lines = `${this.#partial}${text}`.split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith(BEGUN)) [this.#said, this.#logged] = [0, 0];
      this.#said += line.length;
      if (this.#said <= MAX_RUN_CHARS) this.#write(`${line}\n`);
    }
    if (this.#said + this.#partial.length > MAX_RUN_CHARS) {
      this.stop(`The run said more than ${MAX_RUN_CHARS} characters, so it was ended.`);
    }
  }

  #log(text: string): void {
    if (this.#isStopped || this.#logged > MAX_LOG_CHARS) return;
    this.#logged += text.length;
    const isTooMuch = this.#logged > MAX_LOG_CHARS;
    this.#tell({ kind: 'log', text: isTooMuch ? '\n… more was printed than is shown here.\n' : printable(text) });
  }

  #tell(event: RunEvent): void {
    this.#write(`${JSON.stringify(event)}\n`);
  }

  #write(line: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(line);
    if (this.#response.writableLength > MAX_WAITING_BYTES) this.#response.destroy();
  }
}
