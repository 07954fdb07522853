import type { Command } from './command.ts';
import { type Look, paint } from './look.ts';
import { hang, pad, wrapText } from './wrap-text.ts';

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'green, or done'],
  ['1', 'at least one checkpoint is red'],
  ['2', 'the command was not understood, or refused; nothing was changed'],
  ['3', 'something could not be checked or done on this machine, or the repository has a defect'],
  ['130', 'ended by Ctrl-C'],
];

/** The help of all commands. */
export function renderHelp(commands: readonly Command[], look: Look): string {
  const nameWidth = Math.max(...commands.map((command) => command.name.length)) + 2;
  return [
    'npm run lab              where you are and what to do next',
    'npm run lab <command>    one of:',
    '',
    ...commands.map((command) =>
      hang(`  ${paint(look, 'strong', pad(command.name, nameWidth))}`, command.summary, look.width),
    ),
    '',
    wrapText(
      'npm keeps flags for itself unless two dashes come first: npm run lab test tcp-echo -- --all. ' +
        'More about a command: npm run lab help <command>, or npm run lab <command> -- --help.',
      look.width,
    ).join('\n'),
    '',
    renderExitCodes(look),
    '',
    wrapText('Colour follows the terminal, NO_COLOR and FORCE_COLOR.', look.width).join('\n'),
    '',
  ].join('\n');
}

/** The help of one command. */
export function renderCommandHelp(command: Command, look: Look): string {
  const paragraphs = [`${sentenceCase(command.summary)}.`, ...command.about];
  return `${[
    paint(look, 'strong', `npm run lab ${command.usage}`),
    ...paragraphs.map((text) => wrapText(text, look.width).join('\n')),
    ...command.flagMeanings.map(([written, meaning]) => `  ${written}\n${hang('      ', meaning, look.width)}`),
    renderExitCodes(look),
  ].join('\n\n')}\n`;
}

function renderExitCodes(look: Look): string {
  return ['Exit codes', ...EXIT_CODES.map(([code, meaning]) => hang(`  ${pad(code, 5)}`, meaning, look.width))].join(
    '\n',
  );
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
