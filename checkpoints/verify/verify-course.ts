import { allLabs, type Course, type PlacedBuiltLab, validateCourse } from '../../labs/course-schema.ts';
import { currentLabEvidence, type LabEvidence, staleExperimentEvidence, staleLabEvidence } from '../record/evidence.ts';
import { repository } from '../runner/repository.ts';
import { checkDiagrams } from './diagrams.ts';
import type { CouldNotCheck, Fault, Warning } from './fault.ts';
import { checkReading } from './headings.ts';
import { type JudgedLab, type JudgeOptions, judgeLabs, proofOf } from './judge-labs.ts';
import { checkCourseFolders, checkLabFiles } from './lab-files.ts';
import { type Catchers, checkMistakes } from './mistakes.ts';
import { checkCrashes, checkRight, checkStarter, checkTestNames } from './outcomes.ts';
import { checkRegions } from './regions.ts';
import { filesBelow } from './source-files.ts';
import { checkTodos } from './todos.ts';
import { type TypeFault, typeCheckAside } from './type-check.ts';

export interface VerifyOptions {
  /** The repository to prove. Default: this one. */
  readonly root?: string;
  /** Only these labs, and of the rest what concerns them. Default: all built labs, and the course as a whole. */
  readonly labs?: readonly PlacedBuiltLab[];
  /** How many targets are judged at once. Default 1. */
  readonly workers?: number;
  readonly seed?: number;
  /**
   * Judge each mistake by every checkpoint. Default false: by the one that it names, where current evidence holds
   * which others catch it.
   */
  readonly full?: boolean;
  readonly onJob?: (done: number, all: number) => void;
  readonly onService?: JudgeOptions['onService'];
  /** Default: in a thread of its own. */
  readonly typeCheck?: (files: readonly string[], root: string) => Promise<readonly TypeFault[]>;
}

export interface Verification {
  readonly labs: readonly JudgedLab[];
  /** In the order of the proofs. */
  readonly faults: readonly Fault[];
  readonly couldNotCheck: readonly CouldNotCheck[];
  readonly warnings: readonly Warning[];
  /** `LAB_SEED=<seed>` repeats the run. */
  readonly seed: number;
  /** This process will not end by itself, as a checkpoint left something open; then there is a fault, too. */
  readonly stuck: boolean;
}

/** Carries out the six proofs. Nothing is tried twice: what fails once is reported. */
export async function verifyCourse(
  course: Course,
  built: readonly PlacedBuiltLab[],
  options: VerifyOptions = {},
): Promise<Verification> {
  const root = options.root ?? repository;
  const labs = options.labs ?? built;
  const manifest = manifestFaults(course, options.labs);
  // A manifest with faults may lack the very fields that the other proofs read.
  if (manifest.length > 0)
    return { labs: [], faults: manifest, couldNotCheck: [], warnings: [], seed: 0, stuck: false };

  const types = Promise.withResolvers<readonly Fault[]>();
  // Awaited last; a rejection before that is no unhandled one.
  types.promise.catch(() => {});
  const check = options.typeCheck ?? typeCheckAside;
  const onFolders: JudgeOptions['onFolders'] = (folders) => {
    checkTypes(folders, labs, root, check).then(types.resolve, types.reject);
  };
  const { onJob, onService, seed } = options;
  const recorded = options.full ? new Map<string, LabEvidence>() : await currentEvidence(labs, root);
  const judging = judgeLabs(labs, {
    root,
    workers: options.workers ?? 1,
    onFolders,
    only: ({ lab }, name) => {
      const mistake = recorded.get(lab.slug)?.mistakes.find((entry) => `mistakes/${entry.name}` === name);
      return mistake && [mistake.checkpoint];
    },
    expectedMs: ({ lab }, name) =>
      recorded
        .get(lab.slug)
        ?.targets.find((target) => target.name === name)
        ?.checkpoints.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0) ?? 0,
    ...(seed === undefined ? {} : { seed }),
    ...(onJob ? { onJob } : {}),
    ...(onService ? { onService } : {}),
  });
  const [judgement, files, evidence] = await Promise.all([
    judging,
    checkFiles(course, labs, root, options.labs !== undefined),
    staleEvidence(labs, root, options.labs !== undefined),
  ]);
  const outcomes = judgement.labs.map(async (judged) => [
    ...checkTestNames(judged),
    ...checkCrashes(judged),
    ...checkStarter(judged),
    ...checkRight(judged),
    ...(await checkMistakes(judged, root, catchersIn(recorded.get(judged.placed.lab.slug)))),
  ]);
  const faults = [...files, ...judgement.faults, ...(await types.promise), ...(await Promise.all(outcomes)).flat()];
  return {
    labs: judgement.labs,
    faults: faults.toSorted((a, b) => a.proof - b.proof || (a.lab ?? '').localeCompare(b.lab ?? '')),
    couldNotCheck: judgement.couldNotCheck,
    warnings: evidence,
    seed: judgement.seed,
    stuck: judgement.stuck,
  };
}

/** The manifest's own faults, each with the file that holds it. With `only`: not those of other labs. */
function manifestFaults(course: Course, only: readonly PlacedBuiltLab[] | undefined): Fault[] {
  return validateCourse(course).flatMap(({ where, what, mend }): Fault[] => {
    const [, phase, index, rest = ''] = /^phases\[(\d+)\]\.labs\[(\d+)\]\.?(.*)$/.exec(where) ?? [];
    const lab = course.phases[Number(phase)]?.labs[Number(index)];
    const placed = allLabs(course).find((entry) => entry.lab === lab);
    if (!placed) return [{ proof: 1, file: 'labs/course.ts', what: `${where} ${what}`, mend }];
    if (only && !only.some(({ path }) => path === placed.path)) return [];
    const file = placed.lab.status === 'built' ? `${placed.path}/lab.ts` : 'labs/course.ts';
    return [{ proof: 1, lab: placed.lab.slug, file, what: `${rest || placed.lab.slug} ${what}`, mend }];
  });
}

async function currentEvidence(labs: readonly PlacedBuiltLab[], root: string): Promise<Map<string, LabEvidence>> {
  const found = await Promise.all(labs.map((placed) => currentLabEvidence(placed, root)));
  return new Map(found.flatMap((evidence) => (evidence ? [[evidence.lab, evidence]] : [])));
}

function catchersIn(evidence: LabEvidence | undefined): Catchers | undefined {
  if (!evidence) return undefined;
  return new Map(
    evidence.mistakes.map(({ name, checkpoint, caught, alsoCaughtBy = [] }) => [
      name,
      caught ? [checkpoint, ...alsoCaughtBy] : alsoCaughtBy,
    ]),
  );
}

/** What can be seen without running anything. */
async function checkFiles(
  course: Course,
  labs: readonly PlacedBuiltLab[],
  root: string,
  only: boolean,
): Promise<Fault[]> {
  const concerns = (file: string) => !only || labs.some(({ path }) => file.startsWith(`${path}/`));
  const folders = only ? labs.map(({ path }) => path) : ['labs', 'checkpoints/1-networking'];
  const lists = await Promise.all([
    ...labs.flatMap((placed) => [checkLabFiles(placed, root), checkTodos(placed, root), checkReading(placed, root)]),
    ...(only ? [] : [checkCourseFolders(course, root)]),
    checkRegions(root, folders, concerns),
    checkDiagrams(root, only ? labs : undefined),
  ]);
  return lists.flat();
}

async function checkTypes(
  folders: Parameters<NonNullable<JudgeOptions['onFolders']>>[0],
  labs: readonly PlacedBuiltLab[],
  root: string,
  check: NonNullable<VerifyOptions['typeCheck']>,
): Promise<Fault[]> {
  const owners = new Map<string, (typeof folders)[number]>();
  for (const owner of folders) {
    const files = await filesBelow(owner.folder, '');
    for (const file of files) if (/\.m?ts$/.test(file)) owners.set(`${owner.folder}/${file}`, owner);
  }
  const found = await check([...owners.keys()], root);
  return found.flatMap(({ file, line, message }): Fault[] => {
    const owner = owners.get(file);
    if (!owner) return [];
    const at = `${file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file}:${line}`;
    const common = { proof: proofOf(owner.name), lab: owner.lab, what: `does not type-check: ${message}` };
    if (!owner.name.startsWith('mistakes/')) return [{ ...common, file: at, mend: 'mend the line' }];
    if (UNUSED.test(message)) return [];
    const placed = labs.find(({ lab }) => lab.slug === owner.lab);
    const mend = `npm run mistake edit ${owner.lab} ${owner.name.slice('mistakes/'.length)}, mend it, and save it`;
    return [{ ...common, file: `${placed?.path}/${owner.name}.patch`, mend, details: [`at ${at}`] }];
  });
}

/** What is declared and never read. Whoever leaves a step out leaves such things behind, and a patch stays small. */
const UNUSED = /^TS(6133|6192|6196|6198): /;

/** Stale evidence is for `check` to refuse: whoever changes a checkpoint proves it first and records it then. */
async function staleEvidence(labs: readonly PlacedBuiltLab[], root: string, only: boolean): Promise<Warning[]> {
  const lists = await Promise.all([staleLabEvidence(labs, root), only ? [] : staleExperimentEvidence(root)]);
  return lists.flat().map(({ file, what, mend }) => ({ file, what, mend }));
}
