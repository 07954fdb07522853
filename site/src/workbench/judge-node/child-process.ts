/**
 * What `node:child_process` is to the checkpoints: `spawn` starts the learner's program in a worker of its own, so that
 * the harness starts, stops and listens to it as it does to a process.
 */
import { EventEmitter } from '../node/events.ts';
import { memoryOf } from '../node/link.ts';
import type { Network, NetworkLink } from '../node/network.ts';
import { promisify } from '../node/util.ts';
import type { FromProgram, ToProgram } from '../program-protocol.ts';
import type { Files } from '../protocol.ts';

export interface ProgramHost {
  readonly modules: Files;
  readonly entry: string;
  readonly network: Network;
  /** Everything that a program prints. */
  readonly onOutput: (text: string) => void;
  /** A program that has not been heard from for so long is in a loop. */
  readonly silenceMs: number;
}

const SPARE_WORKERS = 2;
const LOOK_MS = 100;
/** Sooner than a program is ended, its log says that it is silent: what the checkpoint waits for will not come. */
const SUSPICION = 0.35;
const FIRST_PID = 1_000;

let host: ProgramHost | undefined;
let lastPid = FIRST_PID;
const running = new Map<number, Child>();
const spares: Worker[] = [];

/** Starts workers ahead: a program then begins as fast as a process does. */
export function prepareWorkers(): void {
  while (spares.length < SPARE_WORKERS) spares.push(newWorker());
}

export function setProgramHost(given: ProgramHost): void {
  host = given;
}

/** Sends a signal to a program, or to its group, which has nothing else in it. */
export function signalProgram(pid: number, signal: string): void {
  running.get(Math.abs(pid))?.kill(signal);
}

export function spawn(
  _file: string,
  _args: readonly string[],
  { env = {} }: { readonly env?: Readonly<Record<string, unknown>> },
): Child {
  if (!host) throw new Error('no program has been given to start');
  lastPid += 1;
  const texts = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Child(host, lastPid, Object.fromEntries(texts));
}

/** No program of this machine can be run: whatever `ps` would measure, a page cannot. */
export const execFile = Object.assign(() => {}, {
  [promisify.custom]: () => Promise.resolve({ stdout: '', stderr: '' }),
});

class Output extends EventEmitter {
  setEncoding(): this {
    return this;
  }
}

class Child extends EventEmitter {
  readonly pid: number;
  readonly stdout = new Output();
  readonly stderr = new Output();
  readonly #host: ProgramHost;
  readonly #worker: Worker;
  readonly #link: NetworkLink;
  readonly #watch: ReturnType<typeof setInterval>;
  #toSend: ToProgram[] = [];
  /** Counted in looks: while this worker itself is busy, nobody is silent. */
  #silentLooks = 0;
  #isSuspected = false;
  #isOver = false;

  constructor(programHost: ProgramHost, pid: number, env: Readonly<Record<string, string>>) {
    super();
    this.pid = pid;
    this.#host = programHost;
    this.#worker = spares.shift() ?? newWorker();
    this.#link = programHost.network.attach((message) => this.#post({ kind: 'net', message }));
    this.#worker.onmessage = ({ data }: MessageEvent<readonly FromProgram[]>) => {
      this.#silentLooks = 0;
      for (const message of data) this.#hear(message);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.stderr.emit('data', `${event.message}\n`);
      this.#end(null, 'SIGABRT');
    };
    running.set(pid, this);
    const { modules, entry } = programHost;
    this.#worker.postMessage([{ kind: 'start', modules, entry, env, pid }] satisfies ToProgram[]);
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    prepareWorkers();
  }

  kill(signal: string): boolean {
    if (this.#isOver) return false;
    if (signal === 'SIGKILL') this.#end(null, 'SIGKILL');
    else this.#post({ kind: 'signal', signal });
    return true;
  }

  #hear(message: FromProgram): void {
    if (this.#isOver) return;
    if (message.kind === 'net') this.#link.receive(message.message);
    else if (message.kind === 'output') {
      this.#host.onOutput(message.text);
      this[message.to].emit('data', message.text);
    } else if (message.kind === 'exit') this.#end(message.code, message.signal);
  }

  /** What is sent in one turn travels in one message. */
  #post(message: ToProgram): void {
    if (this.#toSend.length === 0) {
      queueMicrotask(() => {
        const messages = this.#toSend;
        this.#toSend = [];
        if (!this.#isOver) this.#worker.postMessage(messages, memoryOf(messages));
      });
    }
    this.#toSend.push(message);
  }

  #look(): void {
    const { silenceMs } = this.#host;
    this.#silentLooks += 1;
    const silent = this.#silentLooks * LOOK_MS;
    if (silent > silenceMs) {
      this.#note(`Your program did not come back for ${silenceMs / 1_000} seconds, so it was ended.`);
      this.#end(null, 'SIGKILL');
    } else if (silent > silenceMs * SUSPICION && !this.#isSuspected) {
      this.#isSuspected = true;
      this.#note(
        `Your program has not come back for ${(silent / 1_000).toFixed(1)} seconds: in an endless loop, or very busy.`,
      );
    }
  }

  #note(text: string): void {
    this.#host.onOutput(`${text}\n`);
    this.stderr.emit('data', `${text}\n`);
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#worker.terminate();
    running.delete(this.pid);
    this.#link.detach();
    this.emit('exit', code, signal);
    this.emit('close', code, signal);
  }
}

function newWorker(): Worker {
  return new Worker(new URL('../program-worker.ts', import.meta.url), { type: 'module' });
}
