import type { FromNetwork, ToNetwork } from './node/link.ts';
import type { Files } from './protocol.ts';

/** What the worker that judges and the worker of a program say to one another. */

export type ToProgram =
  | {
      readonly kind: 'start';
      /** The learner's files, compiled. */
      readonly modules: Files;
      /** The file that is the program. */
      readonly entry: string;
      readonly env: Readonly<Record<string, string>>;
      readonly pid: number;
    }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'net'; readonly message: FromNetwork };

export type FromProgram =
  | { readonly kind: 'output'; readonly to: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'net'; readonly message: ToNetwork }
  | { readonly kind: 'exit'; readonly code: number | null; readonly signal: string | null }
  /** Sent again and again while its loop turns. */
  | { readonly kind: 'alive' };

/** How often a program says that it is alive. */
export const PROGRAM_ALIVE_MS = 250;
