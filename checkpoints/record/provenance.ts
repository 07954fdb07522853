import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repository } from '../runner/repository.ts';
import { toolchainVersion } from '../runner/toolchain.ts';

const run = promisify(execFile);
const GIT_TIMEOUT_MS = 10_000;
const GIB = 1024 ** 3;

/** Where a record comes from. Holds nothing that names the machine or its owner. */
export interface Provenance {
  /** Full hash; followed by `-dirty` when the recorded files differ from it. */
  readonly commit: string;
  /** ISO 8601, in UTC. */
  readonly date: string;
  readonly machine: {
    readonly os: string;
    readonly arch: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
  };
  /** Versions of node, vitest and of the toolchains that are there. */
  readonly tools: Readonly<Record<string, string>>;
  /** The command that makes the record again. */
  readonly command: string;
  /** Hash over the files that the record depends on; see inputs-hash.ts. */
  readonly inputsHash: string;
}

/** The files to be recorded are not those of the commit. */
export class DirtyTreeError extends Error {
  readonly code = 'DIRTY_TREE';

  constructor(files: readonly string[]) {
    const list = files.slice(0, 8).map((file) => `\n  ${file}`);
    const more = files.length > 8 ? `\n  and ${files.length - 8} more` : '';
    super(
      `evidence names a commit, and these files differ from it:${list.join('')}${more}\n` +
        'Mend: commit them first, or record with --allow-dirty for a look that is not to be kept.',
    );
    this.name = 'DirtyTreeError';
  }
}

/**
 * The commit that files belong to.
 *
 * @param files repository paths that the record depends on.
 * @param allowDirty give `<commit>-dirty` instead of refusing.
 * @throws DirtyTreeError when they differ from the commit; Error when there is no commit at all.
 */
export async function commitOf(root: string, files: readonly string[], allowDirty: boolean): Promise<string> {
  const git = async (...args: string[]) =>
    (await run('git', args, { cwd: root, timeout: GIT_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
  const commit = await git('rev-parse', '--verify', 'HEAD').catch((error: unknown) => {
    throw new Error('evidence names a commit, and there is none. Mend: record in a clone with its history.', {
      cause: error,
    });
  });
  const committed = new Set((await git('ls-tree', '-r', '--name-only', '-z', 'HEAD')).split('\0'));
  const changed = (await git('diff', '--name-only', '-z', 'HEAD', '--')).split('\0');
  const differing = files.filter((file) => !committed.has(file) || changed.includes(file));
  if (differing.length === 0) return commit;
  if (!allowDirty) throw new DirtyTreeError(differing);
  return `${commit}-dirty`;
}

/** The machine, as far as it explains a measurement. */
export async function describeMachine(): Promise<Provenance['machine']> {
  const processors = cpus();
  return {
    os: await systemName(),
    arch: arch(),
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    memoryGb: Math.round((totalmem() / GIB) * 10) / 10,
  };
}

/** Versions of what ran; a language whose toolchain is missing is left out. */
export async function describeTools(): Promise<Record<string, string>> {
  const vitest = JSON.parse(await readFile(join(repository, 'node_modules/vitest/package.json'), 'utf8')) as {
    readonly version: string;
  };
  const [python, dotnet] = await Promise.all([toolchainVersion('python'), toolchainVersion('csharp')]);
  return {
    node: process.version.slice(1),
    vitest: vitest.version,
    ...(python === undefined ? {} : { python }),
    ...(dotnet === undefined ? {} : { dotnet }),
  };
}

async function systemName(): Promise<string> {
  if (platform() === 'darwin') {
    const { stdout } = await run('sw_vers', ['-productVersion'], { timeout: GIT_TIMEOUT_MS });
    return `macOS ${stdout.trim()}`;
  }
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(release)?.[1] ?? platform();
}
