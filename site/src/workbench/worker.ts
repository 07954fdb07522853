/** Judges a learner's files in a worker of its own: one run, after which the page throws the worker away. */

import { labs } from 'virtual:workbench-labs';
import type { InjectedTarget } from '../../../checkpoints/harness/checkpoint.ts';
import type {} from '../../../checkpoints/harness/module.ts';
import { prepareWorkers, setProgramHost, signalProgram } from './judge-node/child-process.ts';
import { installDisposal } from './judge-node/disposal.ts';
import { joinNetwork } from './judge-node/net.ts';
import { LearnerModules, SyntaxTrouble } from './learner-modules.ts';
import { NodeGlobals, setImmediate } from './node/globals.ts';
import { Network } from './node/network.ts';
import type { PageResult, RunRequest, WorkerMessage } from './protocol.ts';
import { runTestFile } from './run-test-file.ts';
import { beyondThePage } from './runs-in-page.ts';

/** The page gives up on a worker that it has not heard from for some of these. */
const ALIVE_MS = 500;
/** What the learner's code prints is shown up to here. */
const MAX_CONSOLE_CHARS = 16_384;
/** A program that gives no sign of life for so long is in a loop. */
const SILENCE_MS = 5_000;
/** As on the command line; but clients of several programs in one worker would hold up one another's time-outs. */
const AT_ONCE = { module: 3, program: 1 };
const HEAP_REASON = 'a page cannot measure what the heap holds';
const STACK_REASON =
  'your code ran out of stack, and a page has about half of what Node has. A call of a function for each frame, or thousands of bytes spread into arguments, uses it up';
/** As V8 and JavaScriptCore, and as SpiderMonkey say it. */
const STACK_OVERFLOW = /Maximum call stack size exceeded|too much recursion/;

const scope = globalThis as unknown as {
  readonly name: string;
  postMessage(message: WorkerMessage): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<RunRequest>) => void): void;
};
/** The lab, and how many times as long as usual everything may take. */
const [lab = '', patience = '1'] = scope.name.split(' ');
const beyond = beyondThePage(lab);
const say = (message: WorkerMessage) => scope.postMessage(message);

// Read by the harness's deadlines: see workbench-plugin.ts.
Object.assign(globalThis, { labPatience: patience });
const globals = new NodeGlobals();
globals.onKill = signalProgram;
globals.install();
installDisposal();
if (beyond) prepareWorkers();
const request = new Promise<RunRequest>((resolve) => {
  scope.addEventListener('message', ({ data }) => resolve(data));
});

/** Ids of the checkpoints that asked for the heap, as far as they are under way or done. */
const askedForHeap = new Set<string>();
const underWay = new Set<string>();
globals.onHeapAsked = () => {
  for (const id of underWay) askedForHeap.add(id);
};

async function judge(): Promise<void> {
  const load = labs[lab];
  if (load === undefined) throw new Error(`no lab of the workbench is called "${lab}"`);
  await runTestFile({
    load,
    atOnce: AT_ONCE[beyond ? 'program' : 'module'],
    provide: async () => {
      say({ kind: 'ready' });
      const given = await request;
      setInterval(() => say({ kind: 'alive' }), ALIVE_MS);
      const print = printer();
      const modules = await LearnerModules.from(given.modules);
      if (beyond) hostPrograms(given, print);
      else {
        listenToConsole(print);
        globalThis.labModuleHost = { loadModule: (file: string) => modules.run(file) };
      }
      const target: InjectedTarget = beyond
        ? { kind: 'program', name: 'attempt', command: ['node', given.entry], cwd: '/', env: {} }
        : { kind: 'module', name: 'attempt', folder: '/', version: '' };
      return { seed: given.seed, except: [], target };
    },
    onStart: (id) => {
      underWay.add(id);
      say({ kind: 'started', id });
    },
    onResult: (result) => {
      underWay.delete(result.id);
      say({ kind: 'result', result: asFarAsAPageCanTell(result) });
    },
  });
}

/** Gives the checkpoints a network, and programs to start on it. */
function hostPrograms({ modules, entry, wire, seed }: RunRequest, onOutput: (text: string) => void): void {
  const network = new Network({ ...wire, seed }, setImmediate);
  joinNetwork(network);
  setProgramHost({ modules, entry, network, onOutput, silenceMs: SILENCE_MS * Number(patience) });
}

/**
 * Takes back a verdict that another machine than a page would perhaps not give: of a checkpoint that wanted to measure
 * the heap and found nothing wrong beside it, and of code that ran out of a page's stack.
 */
function asFarAsAPageCanTell(result: PageResult): PageResult {
  const { id, ms } = result;
  const remedy = `npm run lab test ${lab} ${id}`;
  const measured = beyond?.[id];
  if (result.verdict === 'passed' && measured !== undefined) {
    return { id, ms, verdict: 'could not check', reason: measured, remedy };
  }
  if (result.verdict === 'passed' && askedForHeap.has(id)) {
    return { id, ms, verdict: 'could not check', reason: HEAP_REASON, remedy };
  }
  if (result.verdict === 'failed' && STACK_OVERFLOW.test(result.failure.received)) {
    const { failure } = result;
    return { id, ms, verdict: 'could not check', reason: STACK_REASON, remedy, failure };
  }
  return result;
}

/** Sends the page what the learner's code prints, up to a bound. */
function printer(): (text: string) => void {
  let room = MAX_CONSOLE_CHARS;
  return (given) => {
    if (room <= 0) return;
    const text = given.replace(/\n$/, '').slice(0, room);
    room -= text.length + 1;
    say({ kind: 'console', text: room > 0 ? text : `${text} … (no more is shown)` });
  };
}

function listenToConsole(print: (text: string) => void): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    console[method] = (...given: unknown[]) => print(given.map(shown).join(' '));
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.stack ?? String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${value.constructor.name} [${Array.from(value as Uint8Array)
      .slice(0, 100)
      .join(', ')}]`;
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

judge()
  .then(() => say({ kind: 'end' }))
  .catch((error: unknown) => {
    if (error instanceof SyntaxTrouble) say({ kind: 'syntax', fault: error.fault });
    else say({ kind: 'broken', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
