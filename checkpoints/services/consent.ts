import { createInterface } from 'node:readline/promises';
import type { Consent } from './debian-packages.ts';
import type { ProgressLine } from './progress-line.ts';

/** Asks on the terminal, one question for all services. Without one there is nobody to ask, and nothing is installed. */
export function askOnTerminal(progress: ProgressLine, env: NodeJS.ProcessEnv = process.env): Consent {
  const { stdin, stderr } = process;
  if (env.CI === 'true' || !stdin.isTTY || !stderr.isTTY) return true;
  let answer: Promise<boolean> | undefined;
  return (question) => {
    answer ??= ask(question, progress);
    return answer;
  };
}

async function ask(question: string, progress: ProgressLine): Promise<boolean> {
  progress.end();
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return !/^n/i.test(await lines.question(`${question} [Y/n] `));
  } finally {
    lines.close();
  }
}
