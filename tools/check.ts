/**
 * `npm run check`: types, lint, format, spelling, and files that a command writes. A learner's attempt is never its
 * business. Everything runs, so one run shows all that is to mend.
 */
import { spawn } from 'node:child_process';
import { repository } from '../checkpoints/runner/repository.ts';

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What to do when it is red and the output does not say. */
  readonly mend: string;
}

export const CHECKS: readonly Check[] = [
  { name: 'lint and format', command: ['biome', 'ci', '--colors=off'], mend: 'npm run format mends most of it' },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'], mend: 'the message names file and line' },
  {
    name: 'types of the site',
    command: ['astro', 'check', '--root', 'site', '--minimumFailingSeverity', 'warning'],
    mend: 'the message names file and line',
  },
  {
    name: 'spelling',
    command: ['cspell', 'lint', '--no-progress', '--no-summary', '--gitignore', '.'],
    mend: 'mend the word, or add it to cspell-words.txt',
  },
  { name: 'diagrams', command: ['node', 'diagrams/render.ts', '--check'], mend: 'npm run diagrams' },
  { name: 'evidence', command: ['node', 'checkpoints/record/record.ts', '--check'], mend: 'npm run record' },
  { name: 'badges', command: ['node', 'checkpoints/record/badges.ts', '--check'], mend: 'npm run badges' },
];

export interface CheckOutcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly mend: string;
  readonly durationMs: number;
}

/** Runs one check with the repository's own tools first on the PATH. Never rejects. */
export function runCheck(check: Check): Promise<CheckOutcome> {
  const started = performance.now();
  const [command, ...args] = check.command;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: repository,
      env: { ...process.env, PATH: `${repository}/node_modules/.bin:${process.env.PATH ?? ''}`, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const end = (ok: boolean) =>
      resolve({ name: check.name, ok, output, mend: check.mend, durationMs: performance.now() - started });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', (error) => {
      output += `${error.message}\n`;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

/** Runs every check, two at a time, and prints each as it ends. */
export async function runChecks(print: (line: string) => void): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  const waiting = [...CHECKS];
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const outcome = await runCheck(check);
      outcomes.push(outcome);
      print(`${outcome.ok ? '✓' : '✗'} ${outcome.name}  ${(outcome.durationMs / 1000).toFixed(1)} s`);
      if (!outcome.ok) print(`${outcome.output.trimEnd()}\n  mend: ${outcome.mend}\n`);
    }
  };
  await Promise.all([worker(), worker()]);
  return outcomes;
}

if (process.argv[1] === import.meta.filename) {
  const outcomes = await runChecks((line) => console.log(line));
  if (outcomes.some((outcome) => !outcome.ok)) process.exitCode = 1;
}
