import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Consent } from './debian-packages.ts';

/** One question a process, whatever it is that asks and for however many services. */
let answer: Promise<boolean> | undefined;
let asking = false;

/** While a question waits for its answer, nobody else writes on the terminal. */
export function isAsking(): boolean {
  return asking;
}

/** Asks on the terminal. Without one, and in CI, there is nobody to ask; nothing is installed, so it goes on. */
export function askOnTerminal(env: NodeJS.ProcessEnv = process.env): Consent {
  const { stdin, stderr } = process;
  if (env.CI === 'true' || env.LAB_SERVICES_YES === '1' || !stdin.isTTY || !stderr.isTTY) return true;
  return (question) => {
    answer ??= ask(question);
    return answer;
  };
}

async function ask(question: string): Promise<boolean> {
  asking = true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const typed = lines.question(`\r\x1b[K${question} [Y/n] `);
    // The end of the input is no yes.
    const ended = once(lines, 'close').then(() => 'no');
    return !/^n/i.test(await Promise.race([typed, ended]));
  } finally {
    asking = false;
    lines.close();
  }
}
