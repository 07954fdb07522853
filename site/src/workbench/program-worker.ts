/** One program of the learner's, in a worker of its own: its modules, its `process`, its timers, its sockets. */
import { LearnerModules } from './learner-modules.ts';
import { NodeBuffer } from './node/buffer.ts';
import { EventLoop } from './node/event-loop.ts';
import { memoryOf } from './node/link.ts';
import { createNet } from './node/net.ts';
import { nodeModules } from './node/node-modules.ts';
import { consoleOf, NodeProcess } from './node/process.ts';
import { type FromProgram, PROGRAM_ALIVE_MS, type ToProgram } from './program-protocol.ts';

const scope = globalThis as unknown as {
  postMessage(messages: readonly FromProgram[], memory?: ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<readonly ToProgram[]>) => void): void;
};

/** A turn that takes longer than this is heard of before it ends. */
const MAX_WAIT_MS = 5;

/** What is said in one turn travels in one message. */
let waiting: FromProgram[] = [];
let waitingSince = 0;
const flush = () => {
  const messages = waiting;
  waiting = [];
  if (messages.length > 0) scope.postMessage(messages, memoryOf(messages));
};
const say = (message: FromProgram) => {
  if (waiting.length === 0) {
    waitingSince = performance.now();
    queueMicrotask(flush);
  }
  waiting.push(message);
  if (performance.now() - waitingSince > MAX_WAIT_MS) flush();
};

async function start({ modules: scripts, entry, env, pid }: Extract<ToProgram, { kind: 'start' }>) {
  setInterval(() => scope.postMessage([{ kind: 'alive' }]), PROGRAM_ALIVE_MS);
  let isLoading = true;
  let settle = () => {};
  const program = new NodeProcess({
    env,
    pid,
    argv: ['node', `/${entry}`],
    write: (to, text) => say({ kind: 'output', to, text }),
    ended: (exit) => {
      settle();
      say({ kind: 'exit', ...exit });
      flush();
    },
  });
  const loop: EventLoop = new EventLoop({
    run: (work) => program.run(work),
    onIdle: () => program.idle(loop, isLoading),
  });
  const net = createNet({
    // What is sent behind the exit is not heard.
    send: (message) => say({ kind: 'net', message }),
    run: (work) => program.run(work),
    turns: loop.turns,
    hold: () => loop.hold(),
  });
  settle = net.settle;
  hear = (message) => {
    if (message.kind === 'signal') program.signalled(message.signal);
    else if (message.kind === 'net') net.receive(message.message);
  };
  const provided = nodeModules({ net: net.module, loop, program });
  const modules = await LearnerModules.from(scripts, provided);
  install({ process: program, Buffer: NodeBuffer, global: globalThis, ...loop.globals });
  Object.assign(console, consoleOf(program));
  addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    program.crash(event.reason, 'unhandledRejection');
  });
  addEventListener('error', (event) => {
    event.preventDefault();
    program.crash(event.error, 'uncaughtException');
  });
  try {
    const running = modules.run(entry);
    loop.lookForEnd();
    await running;
    isLoading = false;
  } catch (error) {
    program.crash(error, 'uncaughtException');
  }
  loop.lookForEnd();
}

function install(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** What comes before the program has begun to listen is kept. */
const early: ToProgram[] = [];
let hear = (message: ToProgram): void => {
  early.push(message);
};

scope.addEventListener('message', ({ data }) => {
  for (const message of data) {
    if (message.kind === 'start') {
      void start(message);
      for (const each of early.splice(0)) hear(each);
    } else hear(message);
  }
});
