/** What a page can ask for beside runs: how an attempt stands, and the small things done to it. */
import { join, relative } from 'node:path';
import { attemptFolder, isStarted, writtenTree } from '../../checkpoints/cli/attempt.ts';
import type { Output } from '../../checkpoints/cli/command.ts';
import { greenCount, labState, labWords } from '../../checkpoints/cli/course-state.ts';
import { nextHint } from '../../checkpoints/cli/give-hint.ts';
import { loadProgress } from '../../checkpoints/cli/progress-file.ts';
import { readingAt } from '../../checkpoints/cli/reading.ts';
import { Refusal } from '../../checkpoints/cli/refusal.ts';
import { beginAgain } from '../../checkpoints/cli/reset-lab.ts';
import { askedTooEarly } from '../../checkpoints/cli/show-diff.ts';
import { copyStarter } from '../../checkpoints/cli/start-lab.ts';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { GivenHint, Standing } from './events.ts';

/** A list for a person to choose from; nobody chooses from more. */
const MAX_FILES = 50;

/** Warnings on progress files that cannot be read or written go where the server was started. */
const err: Output = {
  look: { width: 100, colour: false },
  isTerminal: false,
  write: (text) => void process.stderr.write(text),
};

export function standingOf(placed: PlacedBuiltLab, running: string | undefined): Standing {
  const state = labState(placed, loadProgress(placed, err), isStarted(placed));
  return {
    slug: state.slug,
    state: state.state,
    words: labWords(state),
    checkpoints: state.checkpoints.map(({ id, verdict }) => ({ id, verdict })),
    attempt: `${placed.path}/attempt`,
    files: [...filesOf(placed).keys()],
    ...(running === undefined ? {} : { running }),
  };
}

/** Names of the files of an attempt, and where they are. The name that a page sends is looked up here and nowhere else. */
export function filesOf(placed: PlacedBuiltLab): ReadonlyMap<string, string> {
  const folder = attemptFolder(placed);
  const files = writtenTree(folder).files.slice(0, MAX_FILES);
  const entries = Object.values(placed.lab.entry).map((entry) => join(folder, entry));
  // What the program is started by is what one most often wants to open.
  const ordered = [...files].sort((a, b) => Number(entries.includes(b)) - Number(entries.includes(a)));
  return new Map(ordered.map((file) => [relative(folder, file).replaceAll('\\', '/'), file]));
}

/** @throws Refusal when there is an attempt already. */
export async function start(placed: PlacedBuiltLab): Promise<void> {
  if (isStarted(placed))
    throw new Refusal(`You have started ${placed.lab.slug} already. Your attempt is left as it is.`);
  await copyStarter(placed);
}

/**
 * Begins again from the starter.
 *
 * @returns where the old attempt is kept, relative to the repository.
 * @throws Refusal when there is no attempt.
 */
export async function reset(placed: PlacedBuiltLab): Promise<string> {
  requireAttempt(placed);
  return beginAgain(placed, err);
}

/** One hint more; undefined when none was named and all are green. */
export function hint(placed: PlacedBuiltLab, checkpoint: string | undefined): GivenHint | undefined {
  const given = nextHint(placed, err, checkpoint);
  if (!given) return undefined;
  const { text, path = '#contract' } = readingAt(placed, given.checkpoint);
  return {
    checkpoint: given.checkpoint.id,
    hints: given.checkpoint.hints.slice(0, given.shown),
    total: given.checkpoint.hints.length,
    isNew: given.isNew,
    reading: { href: path, text },
  };
}

/**
 * Asks for the solution.
 *
 * @returns what to say to somebody who asks before they are green, the first time.
 * @throws Refusal when there is no attempt.
 */
export function askForDiff(placed: PlacedBuiltLab): string | undefined {
  requireAttempt(placed);
  const early = askedTooEarly(placed, err);
  if (!early) return undefined;
  const green = `${greenCount(early)} of ${early.checkpoints.length} checkpoints green`;
  return `You have ${green}, and the solution shows all that you have yet to find. A hint may be enough. If you want to see it all the same, ask once more.`;
}

export function requireAttempt(placed: PlacedBuiltLab): void {
  if (!isStarted(placed)) throw new Refusal(`You have not started ${placed.lab.slug}. Start it first.`);
}
