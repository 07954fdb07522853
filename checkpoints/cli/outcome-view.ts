import { type Look, paint } from './look.ts';
import type { Outcome } from './report.ts';
import { clip, displayWidth, hang, pad, printable } from './wrap-text.ts';

const LABEL_WIDTH = 11;
const TIME_WIDTH = 8;

export interface OutcomeView {
  readonly lab: string;
  /** Width of the longest id, so that a column forms. */
  readonly idWidth: number;
  /** Where the checkpoint of an id is explained; see `readingOf`. */
  readonly readingOf: (id: string) => string;
  readonly look: Look;
}

/** One outcome as it stands in a run's output: a line when it passed, everything that helps when it did not. */
export function renderOutcome(outcome: Outcome, view: OutcomeView): string {
  switch (outcome.verdict) {
    case 'passed':
      return renderPassed(outcome, view);
    case 'failed':
      return renderFailed(outcome, view);
    case 'could not check':
      return renderCouldNotCheck(outcome, view);
    case 'not reached':
      return paint(view.look, 'quiet', `· ${pad(outcome.id, view.idWidth)}  not reached\n`);
  }
}

function renderPassed(outcome: Outcome & { verdict: 'passed' }, { idWidth, look }: OutcomeView): string {
  const lead = `✓ ${pad(outcome.id, idWidth)}`;
  const time = `${Math.round(outcome.durationMs)} ms`.padStart(TIME_WIDTH);
  const room = look.width - displayWidth(lead) - TIME_WIDTH - 2;
  // One line each. The sentence is left out where only a scrap of it would fit.
  const sentence = room < 16 ? '' : `  ${look.isEndless ? outcome.sentence : clip(outcome.sentence, room)}`;
  return `${paint(look, 'green', lead)}${paint(look, 'quiet', time)}${sentence}\n`;
}

function renderFailed(outcome: Outcome & { verdict: 'failed' }, view: OutcomeView): string {
  const { look } = view;
  const { sent, expected, received, usually, details = [] } = outcome.failure;
  const facts = [
    ...(sent === undefined ? [] : [field('sent', sent, look)]),
    field('expected', expected, look),
    field('received', received, look),
  ];
  const cause = [field('usually', usually, look)];
  // A program that never got ready has not come as far as the chapter and the hints.
  const isUp = outcome.failure.kind !== 'start';
  const onward = [
    field('read', view.readingOf(outcome.id), look),
    command('next', `npm run lab hint ${view.lab} ${outcome.id}`, look),
  ];
  const blocks = [facts, cause, renderDetails(details), isUp ? onward : []];
  if (details.length === 0) blocks.splice(1, 3, [...cause, ...(isUp ? onward : [])]);
  return `${headline('✗', 'red', outcome, view)}\n\n${joinBlocks(blocks)}\n`;
}

function renderCouldNotCheck(outcome: Outcome & { verdict: 'could not check' }, view: OutcomeView): string {
  const { look } = view;
  const blocks = [
    [field('because', outcome.reason, look), field('mend', outcome.remedy, look)],
    renderDetails(outcome.details ?? []),
  ];
  return `${headline('?', 'amber', outcome, view)}\n\n${joinBlocks(blocks)}\n`;
}

/** A whole run that could not take place, for one reason. */
export function renderUnchecked(what: string, reason: string, remedy: string, look: Look): string {
  const head = paint(look, 'amber', hang('? ', `${what} could not be checked`, look.width));
  return `${head}\n\n${joinBlocks([[field('because', reason, look), field('mend', remedy, look)]])}\n`;
}

function headline(sign: string, tone: 'red' | 'amber', outcome: Outcome, { look }: OutcomeView): string {
  const lead = `${sign} ${outcome.id}   `;
  if (displayWidth(lead) > look.width / 2) {
    return `${paint(look, tone, lead.trimEnd())}\n${hang('  ', outcome.sentence, look.width)}`;
  }
  return hang(lead, outcome.sentence, look.width).replace(lead, paint(look, tone, lead));
}

function field(label: string, text: string, look: Look): string {
  const lead = `  ${pad(label, LABEL_WIDTH)}`;
  return hang(lead, printable(text), look.width).replace(lead, paint(look, 'quiet', lead));
}

/** A command stays on one line, however narrow the window: it is there to be copied. */
function command(label: string, text: string, look: Look): string {
  return `${paint(look, 'quiet', `  ${pad(label, LABEL_WIDTH)}`)}${text}`;
}

/** Details keep their columns, as carets point at bytes in the line above; the terminal may wrap them. */
function renderDetails(details: readonly string[]): string[] {
  return details.flatMap((detail) => detail.split('\n')).map((line) => `  ${printable(line)}`.trimEnd());
}

function joinBlocks(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
}
