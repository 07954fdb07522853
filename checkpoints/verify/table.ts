import { styleText } from 'node:util';
import { type Fault, PROOFS } from './fault.ts';
import { isUnjudged, type Judged, type JudgedLab } from './judge-labs.ts';
import { isAllowed } from './verdict.ts';

import type { Verification } from './verify-course.ts';

export { isAllowed };

export interface TableOptions {
  readonly color: boolean;
  /** Names that may be missing on this machine. `undefined`: all of them. */
  readonly allowMissing: readonly string[] | undefined;
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** The verification as a person reads it: a line a lab, then every fault with file and mend. */
export function verificationText(verification: Verification, options: TableOptions): string {
  const paint: Paint = (format, text) => (options.color ? styleText(format, text, { validateStream: false }) : text);
  const { labs, faults, couldNotCheck, warnings, seed } = verification;
  const width = Math.max(0, ...labs.map(({ placed }) => placed.lab.slug.length));
  const lines = labs.map((judged) => `${judged.placed.lab.slug.padEnd(width)}  ${labLine(judged, faults, paint)}`);
  for (const missing of couldNotCheck) {
    const refused = !isAllowed(missing, options.allowMissing);
    const what = 'target' in missing ? missing.target : missing.checkpoint;
    lines.push('', `${paint(refused ? 'red' : 'yellow', '? could not check')} ${missing.lab}/${what}`);
    if ('checkpoint' in missing) lines.push(`  on    ${targetNames(missing.targets)}`);
    lines.push(`  why   ${missing.reason}`, `  mend  ${missing.remedy}`);
    if (refused) lines.push(`  or    allow it by name: --allow-missing ${missing.missing}`);
  }
  for (const { file, what, mend } of warnings) {
    lines.push('', `${paint('yellow', '! evidence')}  ${file} ${what}`, `  mend  ${mend}`);
  }
  let proof: Fault['proof'] | undefined;
  for (const fault of faults) {
    if (fault.proof !== proof) lines.push('', paint('bold', `Proof ${fault.proof}: ${PROOFS[fault.proof]}`));
    proof = fault.proof;
    lines.push('', `${paint('red', '✗')} ${fault.file}`, `  what  ${fault.what}`, `  mend  ${fault.mend}`);
    for (const detail of fault.details ?? []) lines.push(`        ${detail}`);
  }
  lines.push('', lastLine(verification, options, paint));
  if (faults.length > 0 && seed > 0) lines.push(`repeat with the same choices: LAB_SEED=${seed} npm run verify`);
  return `${lines.join('\n').trimStart()}\n`;
}

function lastLine({ faults, couldNotCheck, labs }: Verification, { allowMissing }: TableOptions, paint: Paint): string {
  const refused = couldNotCheck.filter((missing) => !isAllowed(missing, allowMissing));
  const targets = couldNotCheck.filter((missing) => 'target' in missing).length;
  const checkpoints = couldNotCheck.length - targets;
  const counts = [
    ...(targets > 0 ? [plural(targets, 'target')] : []),
    ...(checkpoints > 0 ? [plural(checkpoints, 'checkpoint')] : []),
  ];
  const skipped = counts.length > 0 ? `, ${counts.join(' and ')} not checked` : '';
  if (faults.length > 0) return paint('red', `not proved: ${plural(faults.length, 'fault')}${skipped}`);
  if (refused.length > 0) return paint('red', `not proved${skipped}`);
  return paint('green', `proved: ${plural(labs.length, 'lab')}${skipped}`);
}

/** `starter, solution, variants/pipes and 3 mistakes` */
function targetNames(names: readonly string[]): string {
  const mistakes = names.filter((name) => name.startsWith('mistakes/')).length;
  const others = names.filter((name) => !name.startsWith('mistakes/'));
  const parts = [...others, ...(mistakes > 0 ? [plural(mistakes, 'mistake')] : [])];
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** `starter 8/9 red as listed · solution 9/9 · mistakes 9/9 caught · variants 1/1` */
function labLine(judged: JudgedLab, faults: readonly Fault[], paint: Paint): string {
  const { lab } = judged.placed;
  const all = lab.checkpoints.length;
  const of = (name: string) => judged.targets.find((target) => target.name === name);
  const parts: string[] = [];
  const part = (text: string, good: boolean) => parts.push(paint(good ? 'green' : 'red', text));
  const faulty = (proof: Fault['proof']) => faults.some((fault) => fault.lab === lab.slug && fault.proof === proof);

  const starter = of('starter');
  if (starter?.state === 'ran') {
    const red = starter.checkpoints.filter(({ verdict }) => verdict === 'failed').length;
    part(`starter ${red}/${all} red${faulty(2) ? ', not as listed' : ' as listed'}${lacking(starter)}`, !faulty(2));
  } else part('starter broken', false);
  for (const name of ['solution', 'solution-python', 'solution-csharp']) {
    const target = of(name);
    if (!target) continue;
    const title = name.replace('solution-', '');
    if (target.state === 'could not check') parts.push(paint('yellow', `${title} could not check`));
    else if (target.state === 'broken') part(`${title} broken`, false);
    else part(`${title} ${passed(target)}/${all}${lacking(target)}`, passed(target) + unchecked(target) === all);
  }
  const mistakes = judged.targets.filter(({ name }) => name.startsWith('mistakes/'));
  const faultyMistakes = new Set(
    faults.flatMap(({ lab: slug, file }) => (slug === lab.slug ? [/\/(mistakes\/[^/]+)\.patch/.exec(file)?.[1]] : [])),
  );
  const unjudged = mistakes.filter((mistake) => mistake.state === 'ran' && isUnjudged(mistake.checkpoints));
  const caught = mistakes.filter(
    (mistake) => mistake.state === 'ran' && !faultyMistakes.has(mistake.name) && !unjudged.includes(mistake),
  ).length;
  const rest = unjudged.length > 0 ? paint('yellow', ` (${unjudged.length} could not check)`) : '';
  part(
    `mistakes ${caught}/${mistakes.length} caught${rest}`,
    !faulty(4) && caught + unjudged.length === mistakes.length,
  );
  const variants = judged.targets.filter(({ name }) => name.startsWith('variants/'));
  const right = variants.filter((target) => target.state === 'ran' && passed(target) + unchecked(target) === all);
  part(`variants ${right.length}/${variants.length}`, !faulty(5));
  return parts.join(' · ');
}

function passed(target: Extract<Judged, { state: 'ran' }>): number {
  return target.checkpoints.filter(({ verdict }) => verdict === 'passed').length;
}

function unchecked(target: Extract<Judged, { state: 'ran' }>): number {
  return target.checkpoints.filter(({ verdict }) => verdict === 'could not check').length;
}

/** ` (3 could not check)`, or nothing. */
function lacking(target: Extract<Judged, { state: 'ran' }>): string {
  const count = unchecked(target);
  return count > 0 ? ` (${count} could not check)` : '';
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
