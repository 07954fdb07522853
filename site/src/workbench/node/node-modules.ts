import { NodeBuffer } from './buffer.ts';
import type { EventLoop } from './event-loop.ts';
import { events } from './events.ts';
import { formatted, inspect } from './inspect.ts';
import type { NodeProcess } from './process.ts';
import { promises, stream } from './stream.ts';
import { util } from './util.ts';

export interface ProgramParts {
  readonly net: Readonly<Record<string, unknown>>;
  readonly loop: EventLoop;
  readonly program: NodeProcess;
}

/** What a program may import of Node, by its name. Everything else is named as missing. */
export function nodeModules({ net, loop, program }: ProgramParts): Readonly<Record<string, unknown>> {
  return {
    'node:net': net,
    'node:events': events,
    'node:stream': stream,
    'node:stream/promises': promises,
    'node:timers': { ...loop.globals, promises: loop.promises },
    'node:timers/promises': loop.promises,
    'node:process': program,
    'node:buffer': { Buffer: NodeBuffer, constants: { MAX_LENGTH: 2 ** 32 } },
    'node:util': { ...util, format: (...given: unknown[]) => formatted(given), inspect },
    'node:string_decoder': { StringDecoder },
    'node:perf_hooks': { performance },
    'node:crypto': { randomUUID: () => crypto.randomUUID(), webcrypto: crypto },
  };
}

/** Bytes to text, whatever their pieces: the rest of a character waits for the next piece. */
class StringDecoder {
  readonly #decoder: TextDecoder;

  constructor(encoding = 'utf8') {
    this.#decoder = new TextDecoder(encoding === 'utf8' ? 'utf-8' : encoding, { ignoreBOM: true });
  }

  write(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  end(bytes?: Uint8Array): string {
    return this.#decoder.decode(bytes);
  }
}
