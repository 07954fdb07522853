/**
 * `npm test`: check, the engine's own tests, the proof of the course, the site and its browser tests. Every stage runs,
 * whatever the ones before it found, and the last line adds them up: `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { cacheFolder, repository } from '../checkpoints/runner/repository.ts';
import { verificationText } from '../checkpoints/verify/table.ts';
import { allowMissingFrom, isAllowed } from '../checkpoints/verify/verdict.ts';
import { verifyCourse } from '../checkpoints/verify/verify-course.ts';
import { course } from '../labs/course.ts';
import { builtLabs } from '../labs/course-schema.ts';
import { runSiteTests } from '../site/tests/run.ts';
import { runChecks } from './check.ts';
import { add, closingLine, NOTHING, type Tally, tallyOfVitest } from './tally.ts';

/** Fewer than in `npm run verify`: here nobody waits for the result, and a start on a busy machine takes its time. */
const VERIFY_WORKERS = 2;
const inCi = process.env.CI === 'true';

interface Stage {
  readonly title: string;
  readonly run: () => Promise<Tally>;
}

const STAGES: readonly Stage[] = [
  { title: 'Check', run: check },
  { title: 'The engine', run: engine },
  { title: 'The course', run: verify },
  { title: 'The site', run: site },
];

async function check(): Promise<Tally> {
  const outcomes = await runChecks((line) => console.log(line));
  const failed = outcomes.filter((outcome) => !outcome.ok).length;
  return { passed: outcomes.length - failed, failed, skipped: 0 };
}

async function engine(): Promise<Tally> {
  const report = `${cacheFolder}/engine-tests.json`;
  await mkdir(cacheFolder, { recursive: true });
  await rm(report, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.engine.config.ts'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [...vitest, ...reporters], {
    cwd: repository,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await new Promise((resolve) => child.once('close', resolve));
  return tallyOfVitest(await readFile(report, 'utf8'));
}

async function verify(): Promise<Tally> {
  const allowMissing = allowMissingFrom(undefined, process.env);
  const verification = await verifyCourse(course, builtLabs(course), { workers: VERIFY_WORKERS });
  console.log(verificationText(verification, { color: process.stdout.isTTY === true, allowMissing }));
  const targets = verification.labs.reduce((sum, lab) => sum + lab.targets.length, 0);
  const missing = verification.couldNotCheck.length;
  // The targets of a checkpoint that could not check did run; only what could not run at all is no pass.
  const notRun = verification.couldNotCheck.filter((entry) => 'target' in entry).length;
  const refused = verification.couldNotCheck.filter((entry) => !isAllowed(entry, allowMissing)).length;
  const faults = verification.faults.length;
  return { passed: Math.max(0, targets - notRun - faults), failed: faults + refused, skipped: missing - refused };
}

async function site(): Promise<Tally> {
  const { passed, failed, skipped, couldNotCheck } = await runSiteTests();
  if (couldNotCheck === undefined) return { passed, failed, skipped };
  console.log(`could not check: ${couldNotCheck}`);
  return inCi ? { passed, failed: failed + 1, skipped } : { passed, failed, skipped: skipped + 1 };
}

let total = NOTHING;
for (const { title, run } of STAGES) {
  console.log(`\n── ${title}`);
  const started = performance.now();
  let tally: Tally;
  try {
    tally = await run();
  } catch (error) {
    console.error(error instanceof Error ? error.stack : error);
    tally = { ...NOTHING, failed: 1 };
  }
  console.log(`   ${closingLine(tally)} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  total = add(total, tally);
}
console.log(`\n${closingLine(total)}`);
process.exit(total.failed > 0 ? 1 : 0);
