/**
 * `npm run build`: builds the site into site/dist, with SITE_BASE and SITE_URL as the environment says.
 * Others ask `buildIfStale`, which compares a hash of everything that the site is made from.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ASTRO = fileURLToPath(new URL('../node_modules/astro/bin/astro.mjs', import.meta.url));

/** What the site is made from, beside its own folder. */
const INPUTS = [
  'site',
  'labs',
  'diagrams',
  'checkpoints/evidence',
  'checkpoints/runner/mistake.ts',
  // What the workbench runs in the page.
  'checkpoints/harness',
  'checkpoints/cli',
  ...readdirSync(join(ROOT, 'checkpoints'))
    .filter((name) => /^\d-/.test(name))
    .map((name) => `checkpoints/${name}`),
  'package-lock.json',
];
const NOT_INPUTS = new Set(['dist', 'tests', 'node_modules', '.astro', 'attempt', 'bin', 'obj', '__pycache__']);

export interface BuildOptions {
  /** Where the pages go, from the repository's root. */
  readonly outDir?: string;
  /** The folder of the host that the site will stand in. */
  readonly base?: string;
  readonly signal?: AbortSignal;
}

/** Builds unless the output already stands for the same inputs. Says whether it built. */
export async function buildIfStale(options: BuildOptions = {}): Promise<{ readonly built: boolean }> {
  const { outDir, base } = settle(options);
  const stamp = join(ROOT, '.cache', `site-${outDir.replaceAll(/[^a-z0-9]+/gi, '-')}.hash`);
  const hash = inputsHash(base);
  const current =
    existsSync(join(ROOT, outDir, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (current) return { built: false };
  // An interrupted build must not look current afterwards.
  rmSync(stamp, { force: true });
  await build(options);
  compress(join(ROOT, outDir));
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return { built: true };
}

/** @throws Error with what Astro said, when the build fails. */
export function build(options: BuildOptions = {}): Promise<void> {
  const { outDir, base } = settle(options);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ASTRO, 'build', '--root', 'site'], {
      cwd: ROOT,
      env: {
        ...process.env,
        // Telemetry would write into the home folder, which may be read-only.
        ASTRO_TELEMETRY_DISABLED: '1',
        SITE_BASE: base,
        SITE_OUT: join(ROOT, outDir),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal && { signal: options.signal }),
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The site could not be built (astro build ended with ${code}).\n${said.trim()}`));
    });
  });
}

/** Puts a `.gz` beside every text file, for the server of `npm start`. Hosts of static pages compress by themselves. */
function compress(folder: string): void {
  for (const file of filesOf(folder)) {
    if (/\.(html|css|js|svg|txt|xml|json)$/.test(file))
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
}

function settle(options: BuildOptions): { readonly outDir: string; readonly base: string } {
  return { outDir: options.outDir ?? 'site/dist', base: options.base ?? process.env.SITE_BASE ?? '/' };
}

function inputsHash(base: string): string {
  const hash = createHash('sha256').update(JSON.stringify([base, process.env.SITE_URL, process.env.SITE_EVIDENCE]));
  for (const file of INPUTS.flatMap((input) => filesOf(join(ROOT, input)))) {
    hash.update(relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !NOT_INPUTS.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const full = join(path, entry.name);
      if (entry.isDirectory()) return filesOf(full);
      return entry.isFile() ? [full] : [];
    });
}

if (process.argv[1] === import.meta.filename) {
  try {
    await build();
    console.log('The site stands in site/dist.');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
