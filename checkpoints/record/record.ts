/**
 * `npm run record`: writes the evidence that the site shows. Exit codes: 0 recorded (or current), 1 recorded with
 * something red in it (or stale), 2 wrong use or refused.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { course } from '../../labs/course.ts';
import { builtLabs, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import {
  type AttemptEvidence,
  attemptEvidencePath,
  EVIDENCE_FOLDER,
  experimentEvidencePath,
  type LabEvidence,
  labEvidencePath,
  staleAttemptEvidence,
  staleExperimentEvidence,
  staleLabEvidence,
  type TargetEvidence,
} from './evidence.ts';
import { EXPERIMENTS } from './experiments.ts';

const USAGE = `npm run record -- [--lab <slug>]… [--attempt <slug>]… [--experiment <name>]… [--plot <name>]… [--named] [--allow-dirty] [--check]

--lab          only this lab; may be given several times. Without any of these: every built lab
--named        judge each mistake by the checkpoint that it names alone: for a lab whose suite takes long
--attempt      your own attempt at this lab, for the portfolio of your fork; commit it first
--run          with one --attempt: how to start it, as in npm run lab test
--experiment   an experiment: ${Object.keys(EXPERIMENTS).join(', ')}
--plot         draw an experiment's plots again from its record, without measuring
--allow-dirty  record files that are not committed; the evidence says so
--check        only say which evidence is stale`;

class UsageError extends Error {
  readonly code = 'USAGE';
}

const say = (text: string) => process.stdout.write(`${text}\n`);

function readArguments() {
  try {
    return parseArgs({
      options: {
        lab: { type: 'string', multiple: true },
        attempt: { type: 'string', multiple: true },
        run: { type: 'string' },
        experiment: { type: 'string', multiple: true },
        plot: { type: 'string', multiple: true },
        named: { type: 'boolean', default: false },
        'allow-dirty': { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function check(labs: readonly PlacedBuiltLab[]): Promise<number> {
  const lists = await Promise.all([
    staleLabEvidence(labs, repository),
    staleAttemptEvidence(labs, repository),
    staleExperimentEvidence(repository),
  ]);
  const stale: { file: string; what: string; mend: string }[] = lists.flat();
  for (const name of Object.keys(EXPERIMENTS)) {
    if (!existsSync(join(repository, experimentEvidencePath(name)))) continue;
    const { plotExperiment } = await import('./record-experiment.ts');
    const mend = `npm run record -- --plot ${name}`;
    for (const plot of await plotExperiment(name, repository, true)) {
      stale.push({ file: `${EVIDENCE_FOLDER}/experiments/${plot}`, what: 'was drawn from another record', mend });
    }
  }
  for (const { file, what, mend } of stale) say(`${file} ${what}\n  mend  ${mend}`);
  if (stale.length === 0) say('all evidence is current');
  return stale.length === 0 ? 0 : 1;
}

function sumUp({ lab, targets, mistakes, suiteMs }: LabEvidence): boolean {
  const judged = targets.filter(({ name }) => name !== 'starter');
  const caught = mistakes.filter((mistake) => mistake.caught).length;
  const unjudged = mistakes.filter((mistake) => mistake.couldNotCheck !== undefined).length;
  const verdicts = judged.map((target) => `${target.name} ${targetWords(target)}`);
  const rest = unjudged > 0 ? `, ${unjudged} could not check` : '';
  say(
    `${labEvidencePath(lab)}  ${verdicts.join(' · ')} · mistakes ${caught}/${mistakes.length} caught${rest} · suite ${suiteMs} ms`,
  );
  return judged.every(({ verdict }) => verdict !== 'failed') && caught + unjudged === mistakes.length;
}

function sumUpAttempt({ lab, verdict, checkpoints }: AttemptEvidence): boolean {
  const passed = checkpoints.filter((checkpoint) => checkpoint.verdict === 'passed').length;
  say(`${attemptEvidencePath(lab)}  attempt ${verdict}: ${passed} of ${checkpoints.length} checkpoints passed`);
  return verdict !== 'failed';
}

/** `passed`, `could not check (no Python)`, or `17 of 20 passed, could not check image-runs (no engine)`. */
function targetWords({ verdict, reason, checkpoints }: TargetEvidence): string {
  if (reason !== undefined) return `${verdict} (${reason})`;
  if (verdict !== 'could not check') return verdict;
  const passed = checkpoints.filter((checkpoint) => checkpoint.verdict === 'passed').length;
  const lacking = checkpoints.flatMap(({ id, lack }) => (lack ? [`${id} (${lack.reason})`] : []));
  return `${passed} of ${checkpoints.length} passed, could not check ${lacking.join(', ')}`;
}

async function main(): Promise<number> {
  const flags = readArguments();
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const built = builtLabs(course);
  const find = (slug: string) => {
    const placed = built.find(({ lab }) => lab.slug === slug);
    if (!placed)
      throw new UsageError(
        `no built lab is called "${slug}"; there are ${built.map(({ lab }) => lab.slug).join(', ')}`,
      );
    return placed;
  };
  const chosen = flags.lab?.map(find);
  const attempts = (flags.attempt ?? []).map(find);
  if (flags.run !== undefined && attempts.length !== 1)
    throw new UsageError('--run needs one --attempt that it starts');
  if (flags.check) return check(chosen ?? built);
  for (const name of [...(flags.experiment ?? []), ...(flags.plot ?? [])]) {
    if (!EXPERIMENTS[name])
      throw new UsageError(`no experiment is called "${name}"; there are ${Object.keys(EXPERIMENTS).join(', ')}`);
  }
  const labs = chosen ?? (flags.attempt || flags.experiment || flags.plot ? [] : built);
  const options = { root: repository, allowDirty: flags['allow-dirty'], named: flags.named };
  let allRight = true;
  // Loaded here: `--check` must answer at once, without the whole of the test runner.
  const { recordLab } = await import('./record-lab.ts');
  const { drawBadges } = await import('./badges.ts');
  const { recordAttempt } = await import('./record-attempt.ts');
  const { plotExperiment, recordExperiment } = await import('./record-experiment.ts');
  for (const placed of labs) allRight = sumUp(await recordLab(placed, options)) && allRight;
  for (const placed of attempts) {
    const run = flags.run === undefined ? {} : { run: flags.run };
    allRight = sumUpAttempt(await recordAttempt(placed, { ...options, ...run })) && allRight;
  }
  for (const name of flags.experiment ?? []) say(await recordExperiment(name, options));
  for (const name of flags.plot ?? []) {
    for (const plot of await plotExperiment(name, repository, false))
      say(`${EVIDENCE_FOLDER}/experiments/${plot} drawn`);
  }
  for (const badge of await drawBadges(course, { root: repository, check: false })) say(`${badge} drawn`);
  return allRight ? 0 : 1;
}

const REFUSALS = new Set(['USAGE', 'DIRTY_TREE', 'RECORD']);

try {
  process.exitCode = await main();
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  if (code === undefined || !REFUSALS.has(code)) throw error;
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}
