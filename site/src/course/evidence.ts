import type { Lack } from '../../../checkpoints/harness/unavailable.ts';
import type { AttemptEvidence, LabEvidence } from '../../../checkpoints/record/evidence.ts';
import type { Provenance } from '../../../checkpoints/record/provenance.ts';
import type { Verdict } from '../../../checkpoints/runner/run-checkpoints.ts';
import { readText } from './repository.ts';

export type { AttemptEvidence, LabEvidence, Lack, Verdict };

/** Folder of the recorded evidence; SITE_EVIDENCE names another one, for tests of the pages that show it. */
const folder = process.env.SITE_EVIDENCE ?? 'checkpoints/evidence';

/** The recorded run of a lab; undefined while none is recorded. */
export function labEvidence(lab: string): LabEvidence | undefined {
  const fields = ['lab', 'commit', 'date', 'machine', 'command', 'targets', 'mistakes'] as const;
  return recorded<LabEvidence>(lab, fields, `npm run record -- --lab ${lab}`);
}

/** The recorded run of the attempt at a lab that a fork holds; undefined while none is recorded. */
export function attemptEvidence(lab: string): AttemptEvidence | undefined {
  const fields = ['lab', 'commit', 'date', 'machine', 'command', 'verdict', 'checkpoints'] as const;
  return recorded<AttemptEvidence>(`attempts/${lab}`, fields, `npm run record -- --attempt ${lab}`);
}

function recorded<T extends object>(name: string, fields: readonly (keyof T & string)[], mend: string): T | undefined {
  const path = `${folder}/${name}.json`;
  const text = readText(path);
  if (text === undefined) return undefined;
  const value = JSON.parse(text) as T;
  for (const field of fields) {
    if (value[field] === undefined) throw new Error(`${path} has no "${field}". Record it again: ${mend}`);
  }
  return value;
}

/** Where and when an experiment was recorded; undefined for a write-up that measures nothing. */
export function experimentProvenance(name: string): Provenance | undefined {
  const fields = ['commit', 'date', 'machine', 'command'] as const;
  return recorded<Provenance>(`experiments/${name}`, fields, `npm run record -- --experiment ${name}`);
}

/** The recorded figures of an experiment, for example `experiments/tcp-or-udp`. */
export function experiment(name: string): { readonly path: string; readonly data: unknown } {
  const path = `${folder}/${name}.json`;
  const text = readText(path);
  if (text === undefined) {
    throw new Error(`${path} does not exist, and a page prints a figure from it. Record it: npm run record`);
  }
  return { path, data: JSON.parse(text) as unknown };
}

/**
 * One figure out of recorded evidence, by a path such as `runs[2].tcp.p99Ms`.
 *
 * @throws Error that names the deepest part that does exist and what it holds.
 */
export function measured(name: string, path: string): number {
  const { path: file, data } = experiment(name);
  let value = data;
  let reached = '';
  for (const part of path.replaceAll(/\[([^\]]+)\]/g, '.$1').split('.')) {
    const next: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
    if (next === undefined) {
      const known = typeof value === 'object' && value !== null ? Object.keys(value).join(', ') : String(value);
      throw new Error(`${file} has no "${path}": "${reached || 'its root'}" holds ${known}.`);
    }
    reached = reached === '' ? part : `${reached}.${part}`;
    value = next;
  }
  if (typeof value !== 'number') throw new Error(`${file}: "${path}" is no number but ${JSON.stringify(value)}.`);
  return value;
}
