import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointFailure, check, fail } from '../../harness/failure.ts';
import { exitOf, spawnProgram } from '../../harness/program.ts';

const ENDS_WITHIN_MS = 15_000;
const DRAWS = 500;

type Question = Readonly<Record<string, unknown>>;

/** Asks the policy of the target, all at once. */
async function ask(questions: readonly Question[]): Promise<Record<string, unknown>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cache-policy-'));
  try {
    const file = join(folder, 'questions.jsonl');
    await writeFile(file, questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
    await using program = spawnProgram({ env: { ROLE: 'policy', POLICY_INPUT: file } });
    const sent = `ROLE=policy with ${questions.length.toLocaleString('en')} lines in POLICY_INPUT`;
    const expected = 'as many lines of JSON on standard output, and exit code 0';
    const noEnd = (received: string) =>
      new CheckpointFailure({
        sent,
        expected,
        received,
        usually: 'the program serves, whatever ROLE says',
        details: program.logTail(),
      });
    const readyLine = /^READY /m;
    await program.waitForOutput(
      (p) => p.ended || readyLine.test(p.stdout),
      ENDS_WITHIN_MS,
      () => noEnd('no end'),
    );
    if (readyLine.test(program.stdout)) throw noEnd('the line READY: it serves');
    const { code, signal } = await exitOf(program, ENDS_WITHIN_MS, () => noEnd('no end'));
    const lines = program.stdout.split('\n').filter((line) => line.trim() !== '');
    check(code === 0 && lines.length === questions.length, {
      sent,
      expected,
      received: code === 0 ? `${lines.length} lines` : `${signal ?? `exit code ${code}`}`,
      usually: 'ROLE=policy is not there yet, needs a database, or stops at a line',
      details: program.logTail(),
    });
    return lines.map(parse);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  return fail({
    expected: 'one JSON object on each line of standard output',
    received: JSON.stringify(line.slice(0, 100)),
    usually: 'something else is printed on standard output as well, such as a log',
  });
}

const ENTRY = { freshUntil: 10_000, staleUntil: 40_000, loadMs: 0 };

/** With a load that took no time there is no early refresh, so these do not depend on the draw. */
const STATES: readonly (readonly [now: number, state: string])[] = [
  [0, 'fresh'],
  [9_999, 'fresh'],
  [10_000, 'stale'],
  [39_999, 'stale'],
  [40_000, 'gone'],
  [1_000_000, 'gone'],
];

const FRESH_FOR: readonly (readonly [ttlMs: number, jitterPercent: number, random: number, freshMs: number])[] = [
  [60_000, 10, 0.5, 57_000],
  [60_000, 10, 0, 60_000],
  [60_000, 0, 0.75, 60_000],
  [1_000, 100, 0.25, 750],
  [10_000, 50, 0.5, 7_500],
];

export async function knowsLifetimes(): Promise<void> {
  const states = STATES.flatMap(([now, state]) => [0.001, 0.5, 0.999].map((random) => ({ now, state, random })));
  const answers = await ask([
    ...states.map(({ now, random }) => ({ op: 'state', entry: ENTRY, now, beta: 1, random })),
    { op: 'state', entry: { ...ENTRY, staleUntil: 10_000 }, now: 10_000, beta: 1, random: 0.5 },
    { op: 'state', entry: { ...ENTRY, loadMs: 500 }, now: 9_999, beta: 0, random: 0.5 },
    ...FRESH_FOR.map(([ttlMs, jitterPercent, random]) => ({ op: 'fresh-for', ttlMs, jitterPercent, random })),
  ]);
  const wanted = [
    ...states.map(({ now, state }) => ({ now, state })),
    { now: 10_000, state: 'gone' },
    { now: 9_999, state: 'fresh' },
  ];
  wanted.forEach(({ now, state }, i) => {
    const staleUntil = i === states.length ? 10_000 : ENTRY.staleUntil;
    check(answers[i]?.state === state, {
      sent: `the state at ${now} of an entry with freshUntil 10000 and staleUntil ${staleUntil}${i > states.length ? ', β = 0' : ''}`,
      expected: `"${state}"`,
      received: JSON.stringify(answers[i]?.state) ?? 'no state',
      usually: 'an end belongs to what comes after it: at freshUntil an entry is stale, at staleUntil it is gone',
    });
  });
  FRESH_FOR.forEach(([ttlMs, jitterPercent, random, freshMs], i) => {
    const found = answers[wanted.length + i]?.freshMs;
    check(Number.isInteger(found) && Math.abs(Number(found) - freshMs) <= 1, {
      sent: `fresh-for: ttlMs ${ttlMs}, jitterPercent ${jitterPercent}, random ${random}`,
      expected: `freshMs ${freshMs}`,
      received: `freshMs ${JSON.stringify(found)}`,
      usually: 'jitter is added, or goes both ways: CACHE_TTL_MS is then no longer the bound that it is called',
    });
  });
}

/** t in multiples of βδ. */
const SHARES = [1, 0.1, 0.5, 2, 4];
const COSTS: readonly (readonly [loadMs: number, beta: number])[] = [
  [100, 1],
  [40, 2.5],
  [1_000, 0.5],
];

export async function refreshesByChance(): Promise<void> {
  const cases = COSTS.flatMap(([loadMs, beta]) => SHARES.map((share) => ({ loadMs, beta, share })));
  const freshUntil = 1_000_000;
  const answers = await ask(
    cases.flatMap(({ loadMs, beta, share }) =>
      // Evenly from 0 to 1 instead of at random: the count is the chance, without luck.
      Array.from({ length: DRAWS }, (_, i) => ({
        op: 'state',
        entry: { freshUntil, staleUntil: 2_000_000, loadMs },
        now: freshUntil - share * loadMs * beta,
        beta,
        random: (i + 0.5) / DRAWS,
      })),
    ),
  );
  cases.forEach(({ loadMs, beta, share }, at) => {
    const states = answers.slice(at * DRAWS, (at + 1) * DRAWS).map(({ state }) => state);
    const early = states.filter((state) => state === 'early').length;
    const wanted = Math.round(DRAWS * Math.exp(-share));
    check(Math.abs(early - wanted) <= 1, {
      sent: `${DRAWS} draws with t = ${share} βδ left, δ = ${loadMs} ms and β = ${beta}`,
      expected: `"early" for ${wanted} of them: e^(−${share})`,
      received: `"early" for ${early}`,
      usually: 'β or δ is left out, the logarithm has the wrong sign or base, or the chance is taken for its opposite',
    });
  });
}
