import { readFile } from 'node:fs/promises';
import { freshForMs, type Lifetime, stateOf } from './policy.ts';

/** One question of the input: what the policy is asked, with its time and its luck. */
type Question =
  | { readonly op: 'fresh-for'; readonly ttlMs: number; readonly jitterPercent: number; readonly random: number }
  | {
      readonly op: 'state';
      readonly entry: Lifetime;
      readonly now: number;
      readonly beta: number;
      readonly random: number;
    };

/** Answers each line of the file with a line, so that the policy can be held against numbers without waiting. */
export async function answerPolicy(inputFile: string): Promise<void> {
  const lines = (await readFile(inputFile, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const answers = lines.map((line) => {
    const question = JSON.parse(line) as Question;
    if (question.op === 'fresh-for') {
      return { freshMs: freshForMs(question.ttlMs, question.jitterPercent, question.random) };
    }
    return { state: stateOf(question.entry, question.now, question.beta, question.random) };
  });
  process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
}
