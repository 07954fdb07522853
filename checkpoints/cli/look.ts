import { styleText } from 'node:util';

/** How text may look where it is going. Every rendering function takes one, and none asks the terminal itself. */
export interface Look {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
  /** Nobody's window: what would have to be cut to fit on a line is left whole. */
  readonly isEndless?: boolean;
}

export type Tone = 'green' | 'red' | 'amber' | 'quiet' | 'strong';

export const DEFAULT_WIDTH = 80;
/** Narrower than this, wrapping does more harm than a broken line. */
const MIN_WIDTH = 32;
/** Longer lines are hard to read, however wide the window is. */
const MAX_WIDTH = 110;

const STYLES = { green: 'green', red: 'red', amber: 'yellow', quiet: 'dim', strong: 'bold' } as const;

/** `text` in a tone, or as it is when the look has no colour. */
export function paint(look: Look, tone: Tone, text: string): string {
  if (!look.colour || text === '') return text;
  // We have decided already; styleText would decide anew for process.stdout.
  return styleText(STYLES[tone], text, { validateStream: false });
}

/**
 * The look for a stream. `FORCE_COLOR` (other than 0 or false) brings colour everywhere and `NO_COLOR` takes it away;
 * with neither, a terminal gets colour and a pipe does not. Where both stand, `FORCE_COLOR` wins, as in Node itself.
 */
export function lookFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Look {
  const columns = stream.columns ?? Number(env.COLUMNS);
  const isKnown = Number.isInteger(columns) && columns > 0;
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, isKnown ? columns : DEFAULT_WIDTH));
  return { width, colour: wantsColour(stream.isTTY === true, env), isEndless: !isKnown };
}

function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return false;
  return isTerminal;
}
