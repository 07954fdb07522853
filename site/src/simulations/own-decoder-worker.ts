/** Runs a reader's own decoder on the chunks of one run, in a worker that the page can end. */
import type { Decoder } from '../../../labs/1-networking/framing/solution/framing.ts';
import { LearnerModules } from '../workbench/learner-modules.ts';
import { NodeGlobals } from '../workbench/node/globals.ts';
import type { Answer, DecoderJob, FromDecoder } from './own-decoder.ts';

const scope = globalThis as unknown as {
  postMessage(message: FromDecoder): void;
  onmessage: (event: MessageEvent<DecoderJob>) => void;
};

async function decode({ modules, entry, chunks, maxFrameBytes }: DecoderJob): Promise<void> {
  let decoder: Decoder;
  try {
    const { createDecoder } = await (await LearnerModules.from(modules)).run(entry);
    if (typeof createDecoder !== 'function') throw new Error(`${entry} exports no createDecoder`);
    decoder = createDecoder({ maxFrameBytes }) as Decoder;
  } catch (error) {
    scope.postMessage({ stopped: `it throws while it is loaded: ${messageOf(error)}` });
    scope.postMessage('done');
    return;
  }
  const calls = [...chunks.map((chunk) => () => decoder.push(chunk)), () => decoder.end()];
  for (const call of calls) {
    const answer = answerOf(call, decoder);
    scope.postMessage(answer);
    if ('stopped' in answer || !answer.result.ok) break;
  }
  scope.postMessage('done');
}

/** Made anew from what came back, which may be anything. */
function answerOf(call: () => unknown, decoder: Decoder): Answer {
  try {
    const result = call() as Partial<Record<'ok' | 'messages' | 'error', unknown>> | undefined;
    if (!Array.isArray(result?.messages)) throw new Error('it gives no messages, which the contract asks for');
    const messages = result.messages.map(String);
    const held = Number(decoder.bufferedBytes);
    if (result.ok === true) return { result: { ok: true, messages }, held };
    const { code, offset, length, limit } = (result.error ?? {}) as Record<string, unknown>;
    const error = { code: String(code), offset: Number(offset), length: Number(length), limit: Number(limit) };
    return { result: { ok: false, messages, error: error as never }, held };
  } catch (error) {
    return { stopped: `it throws: ${messageOf(error)}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

new NodeGlobals().install();
scope.onmessage = ({ data }) => void decode(data);
scope.postMessage('ready');
