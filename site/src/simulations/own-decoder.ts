/**
 * The decoder that a reader has written in the workbench, for the simulation of framing. What a run will ask of it is
 * known beforehand: it is asked in a worker, which ends when it does not come back, and its answers are then played.
 */
import type { DecodeResult } from '../../../labs/1-networking/framing/solution/framing.ts';
import { compile } from '../workbench/compile.ts';
import type { Files } from '../workbench/protocol.ts';
import { type DecoderModule, DecoderStopped } from './decoder-module.ts';

export interface DecoderJob {
  /** The reader's files, compiled. */
  readonly modules: Files;
  readonly entry: string;
  readonly chunks: readonly Uint8Array[];
  readonly maxFrameBytes: number;
}

/** What one call of the decoder came to. */
export type Answer = { readonly result: DecodeResult; readonly held: number } | { readonly stopped: string };

export type FromDecoder = 'ready' | Answer | 'done';

/** A call that takes longer than this is in a loop. */
const SILENCE_MS = 2_000;

/** @returns a decoder that gives the reader's answers again, or why there are none. */
export async function decoderOf(
  files: Files,
  given: Omit<DecoderJob, 'modules'>,
): Promise<DecoderModule | { readonly trouble: string }> {
  const compiled = compile(files);
  if (!compiled.ok) {
    const { file, line, message } = compiled.fault;
    return { trouble: `${file}, line ${line}, cannot be read: ${message}` };
  }
  const answers: Answer[] = [];
  const trouble = await ask({ modules: compiled.modules, ...given }, answers);
  return trouble === undefined ? { createDecoder: () => replay(answers) } : { trouble };
}

/** @returns why nothing can be asked. */
function ask(job: DecoderJob, answers: Answer[]): Promise<string | undefined> {
  const worker = new Worker(new URL('./own-decoder-worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (trouble?: string) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(trouble);
    };
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        answers.push({ stopped: `it did not come back for ${SILENCE_MS / 1_000} seconds, and was ended` });
        end();
      }, SILENCE_MS);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(event.message || 'its worker could not be loaded');
    };
    worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => {
      listen();
      if (data === 'ready') worker.postMessage(job);
      else if (data === 'done') end();
      else answers.push(data);
    };
  });
}

function replay(answers: readonly Answer[]): ReturnType<DecoderModule['createDecoder']> {
  let at = 0;
  let bufferedBytes = 0;
  const next = (): DecodeResult => {
    const answer = answers[at];
    at += 1;
    if (!answer) throw new DecoderStopped('it has been asked more than it was');
    if ('stopped' in answer) throw new DecoderStopped(answer.stopped);
    bufferedBytes = answer.held;
    return answer.result;
  };
  return {
    push: next,
    end: next,
    get bufferedBytes() {
      return bufferedBytes;
    },
  };
}
