/**
 * A mistake is a wrong solution: one patch against `solution/`, with the checkpoint that catches it and the message
 * that a learner who made it would get. This file only parses; it imports nothing, so the site reads it too.
 */

export interface Mistake {
  /** File name without `.patch`. */
  readonly name: string;
  /** Id of the checkpoint that catches it. */
  readonly checkpoint: string;
  readonly title: string;
  /** Why somebody who knows their trade would write it. */
  readonly tempting: string;
  /** Approved messages; any of them may be the one that a run gives. See `approvedMessage`. */
  readonly messages: readonly string[];
  /** A unified diff with `--- solution/<file>` and `+++ mistake/<file>` lines. */
  readonly diff: string;
}

export class MistakeFormatError extends Error {
  readonly code = 'MISTAKE_FORMAT';
  readonly what: string;
  readonly mend: string;

  constructor(fileName: string, what: string, mend: string) {
    super(`${fileName}: ${what}. Mend: ${mend}.`);
    this.name = 'MistakeFormatError';
    this.what = what;
    this.mend = mend;
  }
}

const FIELDS = ['Checkpoint', 'Title', 'Tempting', 'Message'] as const;

/** @throws MistakeFormatError that says which field is missing or unknown. */
export function parseMistake(text: string, fileName: string): Mistake {
  const diffAt = text.search(/^--- solution\//m);
  if (diffAt < 0) {
    throw new MistakeFormatError(fileName, 'has no "--- solution/<file>" line', 'add a unified diff against solution/');
  }
  const values: { field: string; lines: string[] }[] = [];
  for (const line of text.slice(0, diffAt).split('\n')) {
    const start = /^([A-Z][a-z]+):\s*(.*)$/.exec(line);
    const last = values.at(-1);
    if (start) {
      const [, field = '', first = ''] = start;
      if (!(FIELDS as readonly string[]).includes(field)) {
        throw new MistakeFormatError(fileName, `has an unknown field "${field}"`, `use ${FIELDS.join(', ')}`);
      }
      values.push({ field, lines: first === '' ? [] : [first] });
    } else if (line.startsWith('  ') && last) {
      last.lines.push(line.slice(2));
    } else if (line.trim() !== '') {
      throw new MistakeFormatError(
        fileName,
        `cannot read the line "${line}"`,
        'indent what continues a field by two spaces',
      );
    }
  }
  const one = (field: (typeof FIELDS)[number]): string => {
    const value = values
      .find((entry) => entry.field === field)
      ?.lines.join(' ')
      .trim();
    if (!value) throw new MistakeFormatError(fileName, `has no ${field}`, `add a line "${field}: …"`);
    return value;
  };
  return {
    name: fileName.replace(/^.*\//, '').replace(/\.patch$/, ''),
    checkpoint: one('Checkpoint'),
    title: one('Title'),
    tempting: one('Tempting'),
    messages: values.filter((entry) => entry.field === 'Message').map((entry) => entry.lines.join('\n').trim()),
    diff: text.slice(diffAt),
  };
}

/** The text of a mistake's file: the inverse of `parseMistake`. */
export function formatMistake(mistake: Omit<Mistake, 'name'>): string {
  const messages = mistake.messages.map((message) => `Message:\n${indent(message)}\n`).join('');
  return [
    `Checkpoint: ${mistake.checkpoint}\n`,
    `Title: ${mistake.title}\n`,
    `Tempting: ${wrap(mistake.tempting, 110).join('\n  ')}\n`,
    `${messages}\n`,
    mistake.diff,
  ].join('');
}

/**
 * The part of a failure that is approved: `expected`, `received` and `usually`. How a checkpoint sent it, hex dumps,
 * logs and seeds are left out, as they differ from run to run.
 */
export function approvedMessage(report: {
  readonly expected: string;
  readonly received: string;
  readonly usually: string;
}): string {
  return `expected  ${report.expected}\nreceived  ${report.received}\nusually   ${report.usually}`;
}

/** Whether two messages say the same: numbers in the `received` line may differ, as timing decides them. */
export function sameMessage(approved: string, actual: string): boolean {
  return mask(approved) === mask(actual);
}

function mask(message: string): string {
  return message
    .split('\n')
    .map((line) =>
      line.startsWith('received')
        ? line.replaceAll(/\d[\d,.]*/g, '#').replaceAll(/# (byte|line|datagram|message)s?\b/g, '# $1s')
        : line,
    )
    .join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
