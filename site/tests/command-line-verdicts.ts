/**
 * `node site/tests/command-line-verdicts.ts <lab>`: judges every TypeScript target of a lab as the command line does, and
 * prints one JSON document: the files of each target, and the verdict of each checkpoint on it. For the parity test.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckpointResult, CheckpointRunner, type Job } from '../../checkpoints/runner/run-checkpoints.ts';
import { listTargets, resolveTarget, type TargetName } from '../../checkpoints/runner/target.ts';
import { course } from '../../labs/course.ts';
import { builtLabs } from '../../labs/course-schema.ts';

export interface JudgedTarget {
  readonly name: TargetName;
  /** Texts by their name. */
  readonly files: Readonly<Record<string, string>>;
  /** Verdicts by the id of the checkpoint. */
  readonly verdicts: Readonly<Record<string, CheckpointResult['verdict']>>;
}

const WORKERS = 2;
const SEED = 1;

async function judge(slug: string, only: readonly string[]): Promise<JudgedTarget[]> {
  const placed = builtLabs(course).find(({ lab }) => lab.slug === slug);
  if (!placed) throw new Error(`there is no lab "${slug}"`);
  const jobs: Job[] = [];
  for (const name of await listTargets(placed)) {
    const resolved = await resolveTarget(placed, name);
    if (!resolved.ok) throw new Error(`${name}: ${resolved.reason}`);
    if (!(filesOf(resolved.target).length > 0)) continue;
    jobs.push({ placed, target: resolved.target, ...(only.length > 0 ? { only } : {}) });
  }
  await using runner = await CheckpointRunner.open(jobs, { workers: WORKERS, seed: SEED });
  const results = await runner.run();
  return results.map(({ job: { target }, checkpoints }) => ({
    name: target.name as TargetName,
    files: Object.fromEntries(filesOf(target)),
    verdicts: Object.fromEntries(checkpoints.map(({ id, verdict }) => [id, verdict])),
  }));
}

function filesOf(target: Job['target']): [name: string, text: string][] {
  const folder = target.kind === 'module' ? target.folder : target.cwd;
  const names = readdirSync(folder).filter((name) => /\.[mc]?ts$/.test(name));
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}

const [slug = '', ...only] = process.argv.slice(2);
const targets = await judge(slug, only);
process.stdout.write(JSON.stringify(targets), () => process.exit(0));
