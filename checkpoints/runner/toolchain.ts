import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Language } from '../../labs/course-schema.ts';
import { cacheFolder } from './repository.ts';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 20_000;
const BUILD_TIMEOUT_MS = 180_000;
const KEEP_COMPILED = fileURLToPath(new URL('keep-compiled.cjs', import.meta.url));

/** A command to start a program with, or why there is none on this machine and how to get one. */
export type Prepared =
  | { readonly ok: true; readonly command: readonly string[] }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly remedy: string;
      /** The language whose toolchain is missing or too old. Absent: the program itself does not build. */
      readonly missing?: Language;
    };

interface Toolchain {
  readonly name: string;
  /** What is printed, and from which version on it is enough. */
  readonly probe: readonly [string, ...string[]];
  readonly minimum: readonly [number, number];
  readonly remedy: string;
}

const TOOLCHAINS: Record<Exclude<Language, 'typescript'>, Toolchain> = {
  python: {
    name: 'Python',
    probe: ['python3', '--version'],
    minimum: [3, 11],
    remedy:
      'install Python 3.11 or newer: apt install python3, brew install python, or https://www.python.org/downloads/',
  },
  csharp: {
    name: '.NET SDK',
    probe: ['dotnet', '--version'],
    minimum: [10, 0],
    remedy: 'install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0',
  },
};

const probes = new Map<string, Promise<string | undefined>>();

/** The version that the toolchain of a language prints, or undefined when it is missing. Asked once a process. */
export function toolchainVersion(language: Exclude<Language, 'typescript'>): Promise<string | undefined> {
  let probe = probes.get(language);
  if (!probe) {
    const [command, ...args] = TOOLCHAINS[language].probe;
    probe = run(command, args, { timeout: PROBE_TIMEOUT_MS, env: dotnetEnvironment() }).then(
      ({ stdout, stderr }) => /\d+\.\d+[\w.-]*/.exec(stdout + stderr)?.[0],
      () => undefined,
    );
    probes.set(language, probe);
  }
  return probe;
}

/** Makes the program in `folder` startable: checks the toolchain, and builds where the language is compiled. */
export async function prepareProgram(language: Language, folder: string, entry: string): Promise<Prepared> {
  if (language === 'typescript') return { ok: true, command: [process.execPath, '--require', KEEP_COMPILED, entry] };
  const toolchain = TOOLCHAINS[language];
  const version = await toolchainVersion(language);
  if (version === undefined) {
    return { ok: false, reason: `${toolchain.name} is not on the PATH`, remedy: toolchain.remedy, missing: language };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = toolchain.minimum;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    const need = toolchain.minimum.join('.');
    const reason = `${toolchain.name} ${version} is older than ${need}`;
    return { ok: false, reason, remedy: toolchain.remedy, missing: language };
  }
  // -u: a pipe is no reason to hold the ready line back.
  if (language === 'python') return { ok: true, command: ['python3', '-u', entry] };
  return buildDotnet(folder, entry);
}

/** Builds once for each state of the sources; the result is kept under their hash. */
async function buildDotnet(folder: string, project: string): Promise<Prepared> {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder)).sort()) {
    if (/\.(cs|csproj|json|props)$/.test(name)) hash.update(name).update(await readFile(`${folder}/${name}`));
  }
  const key = hash.digest('hex').slice(0, 16);
  const built = `${cacheFolder}/dotnet/${key}`;
  const assembly = `${built}/${project.replace(/\.csproj$/, '.dll')}`;
  if (existsSync(assembly)) return { ok: true, command: ['dotnet', assembly] };
  // Built aside and moved: two runs at once never see half a build.
  const work = `${cacheFolder}/dotnet/${key}.${process.pid}.${Date.now()}`;
  await mkdir(work, { recursive: true });
  try {
    await run(
      'dotnet',
      [
        ...['build', `${folder}/${project}`, '--configuration', 'Release', '--output', `${work}/out`, '--nologo'],
        ...['-v', 'quiet', '-nodeReuse:false', '-p:UseSharedCompilation=false', '-p:UseAppHost=false'],
        ...[`-p:BaseIntermediateOutputPath=${work}/obj/`],
      ],
      { timeout: BUILD_TIMEOUT_MS, env: dotnetEnvironment(), maxBuffer: 8 * 1024 * 1024 },
    );
    await rename(`${work}/out`, built).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(assembly)) throw error;
    });
    return { ok: true, command: ['dotnet', assembly] };
  } catch (error) {
    const { stdout = '', message } = error as Error & { stdout?: string };
    const firstError = /^.*\berror\b.*$/m.exec(stdout)?.[0]?.trim() ?? message.split('\n')[0];
    return {
      ok: false,
      reason: `dotnet build failed: ${firstError}`,
      remedy: `mend it, then: dotnet build ${folder}/${project}`,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function dotnetEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DOTNET_NOLOGO: '1',
    DOTNET_CLI_TELEMETRY_OPTOUT: '1',
    DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
  };
}
