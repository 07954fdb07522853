import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Language, PlacedBuiltLab, Service } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { materialize } from './materialize.ts';
import { repository } from './repository.ts';
import { prepareProgram } from './toolchain.ts';

/** What a lab's checkpoints are to judge. */
export type TargetName =
  | 'attempt'
  | 'starter'
  | 'solution'
  | 'solution-python'
  | 'solution-csharp'
  | `mistakes/${string}`
  | `variants/${string}`;

export type ResolvedTarget =
  | { readonly ok: true; readonly target: InjectedTarget }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly remedy: string;
      /** The toolchain or service that is missing here. Absent: what is missing is the repository's or the learner's. */
      readonly missing?: Language | Service;
    };

const FOLDER_LANGUAGES: Readonly<Record<string, Language>> = {
  'solution-python': 'python',
  'solution-csharp': 'csharp',
};

/** What an attempt or a variant is started by in a language of which the lab has no solution. */
const USUAL_ENTRIES: Readonly<Record<Language, string>> = {
  typescript: 'server.ts',
  python: 'server.py',
  csharp: 'server.csproj',
};

/** The files that a program lab's target may be started by, in the order in which they are looked for. */
export function programEntries({ lab }: PlacedBuiltLab): [Language, string][] {
  return Object.entries({ ...USUAL_ENTRIES, ...lab.entry }) as [Language, string][];
}

/**
 * Finds a target and makes it ready to run: applies a mistake's patch, builds what is compiled.
 *
 * @param root the repository that holds the lab. Default: this one.
 * @returns `ok: false` when it cannot be checked here: missing files, missing toolchain.
 */
export async function resolveTarget(
  placed: PlacedBuiltLab,
  name: TargetName,
  root: string = repository,
): Promise<ResolvedTarget> {
  const labFolder = join(root, placed.path);
  const slug = placed.lab.slug;
  let folder = join(labFolder, name);
  if (name.startsWith('mistakes/')) {
    folder = await materialize(labFolder, slug, name.slice('mistakes/'.length), root);
  } else if (!existsSync(folder)) {
    return name === 'attempt'
      ? { ok: false, reason: 'you have not started this lab', remedy: `npm run lab start ${slug}` }
      : { ok: false, reason: `${placed.path}/${name} does not exist`, remedy: `npm run lab list shows what there is` };
  }
  if (!placed.lab.kinds.includes('program')) {
    return withServices(placed, { kind: 'module', name, folder, version: versionNow() });
  }
  const found = await findEntry(placed, name, folder);
  if (!found) {
    const entries = programEntries(placed)
      .map(([, entry]) => entry)
      .join(', ');
    return {
      ok: false,
      reason: `${folder.slice(root.length + 1)} holds none of ${entries}`,
      remedy: `add one of them, or say how to start yours: npm run lab test ${slug} -- --run "<command>"`,
    };
  }
  const prepared = await prepareProgram(found.language, folder, found.entry);
  if (!prepared.ok) return prepared;
  return withServices(placed, { kind: 'program', name, command: prepared.command, cwd: folder, env: {} });
}

/** A command that the learner gives, run by the shell in their folder. */
export function commandTarget(placed: PlacedBuiltLab, command: string, cwd: string): Promise<ResolvedTarget> {
  return withServices(placed, { kind: 'program', name: 'command', command, cwd, env: {} });
}

/** Finds or starts what the lab needs beside the target. */
async function withServices({ lab }: PlacedBuiltLab, target: InjectedTarget): Promise<ResolvedTarget> {
  if (lab.services.length === 0) return { ok: true, target };
  // Loaded when it is needed: it brings the drivers of three servers.
  const { ensureServices } = await import('../services/ensure-services.ts');
  const ensured = await ensureServices(lab.services);
  return ensured.ok ? { ok: true, target: { ...target, services: ensured.addresses } } : ensured;
}

/** The names of every target that a lab has, the attempt left out, in the order of a report. */
export async function listTargets(placed: PlacedBuiltLab, root: string = repository): Promise<TargetName[]> {
  const labFolder = join(root, placed.path);
  const names: TargetName[] = ['starter', 'solution'];
  if (placed.lab.entry.python) names.push('solution-python');
  if (placed.lab.entry.csharp) names.push('solution-csharp');
  const mistakes = await namesIn(join(labFolder, 'mistakes'));
  for (const file of mistakes) if (file.endsWith('.patch')) names.push(`mistakes/${file.slice(0, -'.patch'.length)}`);
  for (const variant of await namesIn(join(labFolder, 'variants'))) names.push(`variants/${variant}`);
  return names;
}

async function findEntry(
  placed: PlacedBuiltLab,
  name: TargetName,
  folder: string,
): Promise<{ language: Language; entry: string } | undefined> {
  const fixed = FOLDER_LANGUAGES[name];
  for (const [language, entry] of programEntries(placed)) {
    if ((fixed === undefined || fixed === language) && existsSync(join(folder, entry))) return { language, entry };
  }
  return undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder);
  return entries.filter((entry) => !entry.startsWith('.')).sort();
}

function versionNow(): string {
  return `${Date.now()}-${process.hrtime.bigint()}`;
}
