import { type Look, paint } from './look.ts';
import { hang, printable } from './wrap-text.ts';

/** Something wrong with the course itself. */
export interface Defect {
  readonly what: string;
  /** Where it happened, for whoever mends it. */
  readonly lines: readonly string[];
}

const MAX_LINES = 12;

/** Makes a defect of an error's text: its first line, and the lines that follow. */
export function describeDefect(message: string): Defect {
  const [what = '', ...lines] = message
    .replace(/^the checkpoints themselves broke, which is a defect of this repository:\n/, '')
    .split('\n');
  return { what, lines: lines.slice(0, MAX_LINES) };
}

/** Says that the fault is not the learner's, and what to report. */
export function renderDefect({ what, lines }: Defect, look: Look): string {
  const head = hang('? ', 'could not check: this is a defect of the repository, not of your attempt', look.width);
  const text = hang('  ', printable(what), look.width);
  const trace = lines.map((line) => `  ${printable(line).trimEnd()}`);
  const mend = hang(
    '  ',
    'Mend: update your clone (git pull, npm ci). If it stays, please report it with these lines.',
    look.width,
  );
  return `${[paint(look, 'amber', head), '', text, ...trace, '', mend].join('\n')}\n`;
}
