import { course } from '../../../labs/course.ts';
import { type BuiltLab, builtLabs, type Phase, phaseFolder } from '../../../labs/course-schema.ts';
import { attemptEvidence, experimentProvenance } from './evidence.ts';
import { caughtOf, type LabProof, passedWhere, proofOf, verdictOf } from './proof.ts';
import { repositoryLink } from './repository.ts';

/** One piece of evidence, all of it out of recorded runs and the manifest. */
export interface Piece {
  readonly title: string;
  /** The page that says what it is. */
  readonly path: string;
  /** What was seen. */
  readonly seen: string;
  /** The checkpoint that found most wrong solutions out; of a lab alone. */
  readonly strictest?: { readonly sentence: string; readonly path: string };
  /** What the owner's own attempt reached; of a lab alone. */
  readonly attempt?: string;
  /** The page or section that proves it. */
  readonly proofPath: string;
  readonly code: { readonly href: string; readonly isPage: boolean } | undefined;
  readonly date: string;
  readonly commit: string;
  readonly command: string;
}

const PIECES = 3;

/**
 * The best evidence of a phase: its measured write-up, if one is recorded, and the labs with the most behind them,
 * first among them those that the owner has an attempt at.
 * None while nothing is recorded.
 */
export function bestEvidence(phase: Phase): Piece[] {
  const labs = phase.labs
    .flatMap((lab) => {
      const proof = lab.status === 'built' ? proofOf(lab) : undefined;
      return lab.status === 'built' && proof ? [{ lab, proof }] : [];
    })
    .sort((a, b) => Number(hasAttempt(b)) - Number(hasAttempt(a)) || weight(b.proof) - weight(a.proof));
  const measured = phase.writeUps.flatMap((writeUp) => measurement(writeUp) ?? []).slice(0, 1);
  return [...labs.slice(0, PIECES - measured.length).map((entry) => labPiece(phase, entry)), ...measured];
}

const hasAttempt = ({ lab }: { readonly lab: BuiltLab }) => attemptStanding(lab) !== undefined;

/** How much a record shows: every checkpoint in every language, and every wrong solution that was caught. */
function weight({ checkpointsPassed, languages, mistakesCaught }: LabProof): number {
  return checkpointsPassed * Math.max(1, languages.length) + mistakesCaught;
}

function labPiece(phase: Phase, { lab, proof }: { readonly lab: BuiltLab; readonly proof: LabProof }): Piece {
  const strictest = strictestOf(lab, proof);
  const attempt = attemptStanding(lab);
  const code = repositoryLink(`labs/${phaseFolder(phase)}/${lab.slug}/solution`);
  return {
    title: lab.title,
    path: `/labs/${lab.slug}/`,
    seen: `${proof.checkpointsPassed} of ${proof.checkpoints} checkpoints passed${passedWhere(proof)}; ${caughtOf(proof, 'wrong solutions')}`,
    ...(strictest && { strictest }),
    ...(attempt !== undefined && { attempt }),
    proofPath: `/checkpoints/${phase.slug}/#${lab.slug}`,
    code: code === undefined ? { href: `/labs/${lab.slug}/solution/`, isPage: true } : { href: code, isPage: false },
    date: proof.evidence.date,
    commit: proof.evidence.commit,
    command: proof.evidence.command,
  };
}

/** The checkpoint that caught the most wrong solutions; among equals, the one that works longest. */
function strictestOf(lab: BuiltLab, { evidence, judged }: LabProof): Piece['strictest'] {
  const durations = judged.find(({ name }) => name === 'solution')?.checkpoints ?? [];
  const [first] = lab.checkpoints
    .map((checkpoint) => ({
      ...checkpoint,
      caught: evidence.mistakes.filter((m) => m.caught && m.checkpoint === checkpoint.id).length,
      durationMs: durations.find(({ id }) => id === checkpoint.id)?.durationMs ?? 0,
    }))
    .sort((a, b) => b.caught - a.caught || b.durationMs - a.durationMs);
  if (first === undefined || first.caught === 0) return undefined;
  return { sentence: first.sentence, path: `/labs/${lab.slug}/#${first.id}` };
}

function measurement({ slug, question }: Phase['writeUps'][number]): Piece | undefined {
  const provenance = experimentProvenance(slug);
  if (provenance === undefined) return undefined;
  return {
    title: question,
    path: `/write-ups/${slug}/`,
    seen: `Measured on ${provenance.machine.cores} cores, ${provenance.machine.os}`,
    proofPath: `/write-ups/${slug}/`,
    code: undefined,
    date: provenance.date,
    commit: provenance.commit,
    command: provenance.command,
  };
}

/** `17 of 20 checkpoints passed`; undefined where no attempt is recorded. */
export function attemptStanding(lab: BuiltLab): string | undefined {
  const attempt = attemptEvidence(lab.slug);
  if (attempt === undefined) return undefined;
  const passed = lab.checkpoints.filter(({ id }) => verdictOf(attempt, id) === 'passed').length;
  return `${passed} of ${lab.checkpoints.length} checkpoints passed`;
}

/** What the whole course proves, added up. */
export function totals() {
  const built = builtLabs(course).map(({ lab }) => lab);
  const proofs = built.flatMap((lab) => proofOf(lab) ?? []);
  const sum = (of: (proof: LabProof) => number) => proofs.reduce((total, proof) => total + of(proof), 0);
  return {
    built: built.length,
    labs: course.phases.reduce((total, phase) => total + phase.labs.length, 0),
    checkpoints: sum((proof) => proof.checkpoints),
    checkpointsPassed: sum((proof) => proof.checkpointsPassed),
    notChecked: sum((proof) => proof.checkpointsNotChecked.length),
    mistakes: sum((proof) => proof.mistakes),
    mistakesCaught: sum((proof) => proof.mistakesCaught),
    languages: [...new Set(proofs.flatMap((proof) => proof.languages))],
    measured: course.phases.flatMap(({ writeUps }) => writeUps).filter(({ slug }) => experimentProvenance(slug)).length,
    attempts: built.filter((lab) => attemptStanding(lab) !== undefined).length,
    lastRecorded: proofs
      .map(({ evidence }) => evidence.date)
      .sort()
      .at(-1),
  };
}
