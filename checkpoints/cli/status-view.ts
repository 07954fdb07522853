import {
  type CheckpointState,
  type CourseState,
  greenCount,
  type LabState,
  labWords,
  type PhaseState,
} from './course-state.ts';
import { type Look, paint, type Tone } from './look.ts';
import { displayWidth, hang, pad, wrapText } from './wrap-text.ts';

/** Narrower than this, the squares stand side by side without wire between them. */
const WIRED_WIDTH = 72;

/** The whole course as a wire: one station a phase, one square a checkpoint. */
export function renderStatus(course: CourseState, look: Look): string {
  const labs = course.phases.flatMap((phase) => phase.labs);
  const built = labs.filter((lab) => lab.state !== 'planned');
  const total = built.reduce((sum, lab) => sum + lab.checkpoints.length, 0);
  const green = built.reduce((sum, lab) => sum + greenCount(lab), 0);
  const columns = {
    slug: Math.max(0, ...built.map((lab) => displayWidth(lab.slug))),
    wire: Math.max(0, ...built.map((lab) => wireOf(lab, look).width)),
  };
  return [
    paint(look, 'strong', course.title),
    ...wrapText(
      `${green} of ${total} checkpoints green. ${built.length} of ${labs.length} labs stand so far; the others are planned.`,
      look.width,
    ),
    '',
    course.phases
      .map((phase, index) => renderPhase(phase, columns, index === course.phases.length - 1, look))
      .join('\n'),
    '',
    legend(look),
    '',
  ].join('\n');
}

/** A lab's sign in lists. The words beside it say the same. */
export function signOf(lab: LabState): { readonly text: string; readonly tone: Tone } {
  if (lab.state === 'planned') return { text: '·', tone: 'quiet' };
  if (lab.state === 'green') return { text: '✓', tone: 'green' };
  if (lab.checkpoints.some((checkpoint) => checkpoint.verdict === 'failed')) return { text: '✗', tone: 'red' };
  const open = lab.checkpoints.filter((checkpoint) => checkpoint.verdict !== 'passed');
  if (open.every((checkpoint) => checkpoint.verdict === 'could not check')) return { text: '?', tone: 'amber' };
  return { text: '○', tone: 'quiet' };
}

interface Columns {
  readonly slug: number;
  readonly wire: number;
}

function renderPhase(phase: PhaseState, columns: Columns, isLast: boolean, look: Look): string {
  const stands = phase.labs.some((lab) => lab.state !== 'planned');
  const done = phase.labs.every((lab) => lab.state === 'green');
  const station = done ? paint(look, 'green', '■') : stands ? '□' : paint(look, 'quiet', '┆');
  const rail = isLast ? ' ' : paint(look, 'quiet', stands ? '│' : '┆');
  const title = `${phase.number} ${phase.title}`;
  const lines = phase.labs.filter((lab) => lab.state !== 'planned').map((lab) => renderLab(lab, columns, look));
  const planned = phase.labs.filter((lab) => lab.state === 'planned').map((lab) => lab.slug);
  if (planned.length > 0) {
    const text = hang('', `planned: ${planned.join(', ')}`, look.width - 5);
    lines.push(...text.split('\n').map((line) => paint(look, 'quiet', line)));
  }
  return [
    ` ${station} ${stands ? paint(look, 'strong', title) : title}`,
    ...lines.map((line) => ` ${rail}   ${line}`),
    ...(isLast ? [] : [` ${rail}`]),
  ].join('\n');
}

function renderLab(lab: LabState, columns: Columns, look: Look): string {
  const wire = wireOf(lab, look);
  const gap = ' '.repeat(columns.wire - wire.width);
  return `${pad(lab.slug, columns.slug)}  ${wire.text}${gap}  ${labWords(lab)}`;
}

function wireOf(lab: LabState, look: Look): { readonly text: string; readonly width: number } {
  const link = look.width < WIRED_WIDTH ? '' : '─';
  return {
    text: lab.checkpoints.map((checkpoint) => square(checkpoint, look)).join(paint(look, 'quiet', link)),
    width: lab.checkpoints.length + Math.max(0, lab.checkpoints.length - 1) * link.length,
  };
}

function square({ verdict }: CheckpointState, look: Look): string {
  if (verdict === 'passed') return paint(look, 'green', '■');
  if (verdict === 'failed') return paint(look, 'red', '✗');
  if (verdict === 'could not check') return paint(look, 'amber', '?');
  return paint(look, 'quiet', '□');
}

function legend(look: Look): string {
  const signs = [
    [paint(look, 'green', '■'), 'green'],
    [paint(look, 'red', '✗'), 'red'],
    [paint(look, 'amber', '?'), 'could not check'],
    [paint(look, 'quiet', '□'), 'not judged yet'],
  ];
  return ` ${signs.map(([sign, word]) => `${sign} ${word}`).join('   ')}`;
}
