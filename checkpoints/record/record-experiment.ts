import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ExperimentEvidence, experimentEvidencePath, writeEvidence } from './evidence.ts';
import { EXPERIMENTS, type Experiment } from './experiments.ts';
import { experimentInputs, hashOf } from './inputs-hash.ts';
import { commitOf, describeMachine, describeTools } from './provenance.ts';
import { RecordError, type RecordOptions } from './record-lab.ts';

/**
 * Runs an experiment and writes what it measured to `checkpoints/evidence/experiments/<name>.json`, its figures
 * beside the provenance.
 *
 * @returns repository path of the evidence.
 * @throws DirtyTreeError; RecordError when the experiment is not there or gives no object.
 */
export async function recordExperiment(name: string, { root, allowDirty = false }: RecordOptions): Promise<string> {
  const experiment = EXPERIMENTS[name];
  const file = experiment && join(root, experiment.module);
  if (!experiment || !file || !existsSync(file)) {
    throw new RecordError(`experiment ${name} does not exist. Mend: write ${experiment?.module ?? 'it'}.`);
  }
  const inputs = await experimentInputs(experiment, root);
  const inputsHash = await hashOf(root, inputs);
  const commit = await commitOf(root, inputs, allowDirty);
  const { run, plot } = await load(experiment, root);
  const figures: unknown = await run();
  if (typeof figures !== 'object' || figures === null) {
    throw new RecordError(`${experiment.run} gave ${String(figures)}; evidence needs an object`);
  }
  const evidence: ExperimentEvidence = {
    experiment: name,
    commit,
    date: new Date().toISOString(),
    machine: await describeMachine(),
    tools: await describeTools(),
    command: `npm run record -- --experiment ${name}`,
    inputsHash,
    ...figures,
  };
  const path = experimentEvidencePath(name);
  if ((await hashOf(root, await experimentInputs(experiment, root))) !== inputsHash) {
    throw new RecordError(`files of ${name} changed while it was measured. Mend: record it again.`);
  }
  await writeEvidence(root, path, evidence);
  await plot({ check: false });
  return path;
}

/** Draws an experiment's plots again from its record, or with `check` names those that differ from it. */
export async function plotExperiment(name: string, root: string, check: boolean): Promise<readonly string[]> {
  const experiment = EXPERIMENTS[name];
  if (!experiment || !existsSync(join(root, experimentEvidencePath(name)))) return [];
  const { plot } = await load(experiment, root);
  return plot({ check });
}

interface ExperimentModule {
  readonly run: () => Promise<unknown>;
  readonly plot: (options: { readonly check: boolean }) => Promise<readonly string[]>;
}

async function load(experiment: Experiment, root: string): Promise<ExperimentModule> {
  const module = (await import(`file://${encodeURI(join(root, experiment.module))}`)) as Record<string, unknown>;
  const run = module[experiment.run];
  const plot = module[experiment.plot];
  if (typeof run !== 'function' || typeof plot !== 'function') {
    throw new RecordError(`${experiment.module} must export the functions ${experiment.run} and ${experiment.plot}`);
  }
  return { run, plot } as ExperimentModule;
}
