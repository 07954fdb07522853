/**
 * `npm run verify`: the course proves itself. Exit codes: 0 proved, 1 not proved, 2 wrong use, 3 proved but for
 * what this machine cannot judge and was not allowed to be missing.
 */
import { parseArgs } from 'node:util';
import { course } from '../../labs/course.ts';
import { builtLabs, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import { createProgressLine } from '../services/progress-line.ts';
import { verificationText } from './table.ts';
import { allowMissingFrom, exitCodeOf } from './verdict.ts';
import { type Verification, verifyCourse } from './verify-course.ts';

const USAGE = `npm run verify -- [--lab <slug>]… [--json] [--full] [--allow-missing <name,…>] [--workers <n>]

--lab            only this lab; may be given several times
--json           the result as JSON on standard output
--full           judge each mistake by every checkpoint. Without it, by the one that it names, where current
                 evidence holds which others catch it
--allow-missing  toolchains, services and engines that may be missing, for example csharp,container-engine;
                 VERIFY_ALLOW_MISSING says the same. Where CI=true nothing else may be missing; elsewhere all may, and
                 it is said
--workers        how many targets are judged at once, 1 to 16`;

/** Programs under test mostly wait, so more than one a core pays. */
const DEFAULT_WORKERS = 3;
const MAX_WORKERS = 16;

class UsageError extends Error {
  readonly code = 'USAGE';
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        lab: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        'allow-missing': { type: 'string' },
        workers: { type: 'string', default: String(DEFAULT_WORKERS) },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function chosenLabs(slugs: readonly string[] | undefined, built: readonly PlacedBuiltLab[]) {
  return slugs?.map((slug) => {
    const placed = built.find(({ lab }) => lab.slug === slug);
    const known = built.map(({ lab }) => lab.slug).join(', ');
    if (!placed) throw new UsageError(`no built lab is called "${slug}"; there are ${known}`);
    return placed;
  });
}

function workersFrom(text: string): number {
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS) return workers;
  throw new UsageError(`--workers must be a whole number from 1 to ${MAX_WORKERS}; it is "${text}"`);
}

async function main(): Promise<number> {
  const flags = readArguments();
  if (flags.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const built = builtLabs(course);
  const labs = chosenLabs(flags.lab, built);
  const allowMissing = allowMissingFrom(flags['allow-missing'], process.env);
  const started = performance.now();
  const { stdout, stderr } = process;
  const live = stderr.isTTY === true && !flags.json;
  const waiting = createProgressLine(stderr);
  const verification = await verifyCourse(course, built, {
    workers: workersFrom(flags.workers),
    full: flags.full,
    ...(labs ? { labs } : {}),
    onService: waiting.show,
    onJob: (done, all) => {
      waiting.end();
      if (live) stderr.write(`\r${done} of ${all} targets judged`);
    },
  });
  waiting.end();
  if (live) stderr.write('\r\x1b[K');
  const exitCode = exitCodeOf(verification, allowMissing);
  if (flags.json) stdout.write(`${JSON.stringify(jsonOf(verification, exitCode), null, 2)}\n`);
  else {
    const color = stdout.isTTY === true && !process.env.NO_COLOR;
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    stdout.write(`${verificationText(verification, { color, allowMissing })}in ${seconds} s\n`);
  }
  // A worker thread that cannot end keeps even process.exit waiting. There is a fault, so a killed process says enough.
  if (verification.stuck) stdout.write('', () => process.kill(process.pid, 'SIGKILL'));
  return exitCode;
}

function jsonOf({ labs, stuck: _, ...rest }: Verification, exitCode: number) {
  return {
    proved: exitCode === 0,
    exitCode,
    ...rest,
    labs: labs.map(({ placed, targets }) => ({ lab: placed.lab.slug, targets })),
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
