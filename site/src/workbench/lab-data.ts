import type { Files } from './protocol.ts';

/** What a workbench loads about its lab when it is first touched. */
export interface LabData {
  readonly slug: string;
  /** The file that the checkpoints load. */
  readonly entry: string;
  readonly starter: Files;
  /** Address of the solution's files, for when they are wanted. */
  readonly solutionSrc: string;
  readonly checkpoints: readonly {
    readonly id: string;
    readonly sentence: string;
    readonly read: { readonly href: string; readonly text: string };
    readonly hints: readonly string[];
  }[];
}
