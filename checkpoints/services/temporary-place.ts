import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadlineMs } from '../harness/deadline.ts';
import { stopServices } from './clean-up.ts';
import { recordedHome } from './home.ts';
import { SERVICES } from './kits.ts';
import type { Place } from './place.ts';
import { runUser } from './run-user.ts';

/** For the engine's tests: the services folder of a clone that does not exist, with nothing of the learner's settings. */
export interface TemporaryPlace extends Place, AsyncDisposable {
  /** What `ps` shows of every process that has to do with it, by its folder or its home. */
  processes(): string[];
  /** The same when all that ends by itself has ended, as a tool does that a killed launcher has left. */
  processesThatStay(): Promise<string[]>;
  /**
   * Runs `work` (module text; `place` and `ensureServices` are there) in a process of its own, as a
   * launcher. `before`: commands of the shell that turns into it. */
  launcher(work: string, env?: Readonly<Record<string, string>>, before?: string): Launcher;
}

export interface Launcher {
  readonly child: ChildProcess;
  /** Its standard output, when it has ended. Rejects when it fails. */
  readonly output: Promise<string>;
}

const TOOL_DEADLINE_MS = 5_000;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param env beside a PATH with nothing but the system's own tools, so that no engine and no other server is found.
 * @param parentMode the mode of the folder above: 0o700 hides the place from other users.
 */
export function openTemporaryPlace(env: Readonly<Record<string, string>> = {}, parentMode = 0o711): TemporaryPlace {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'services-test-'));
  chmodSync(root, parentMode);
  const folder = join(root, 'clone', 'services');
  const tools = join(root, 'tools');
  mkdirSync(tools);
  const all = { PATH: tools, HOME: root, ...env };
  const processes = (): string[] => {
    const home = recordedHome(place);
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
    return lines.split('\n').filter((line) => line.includes(folder) || (home !== undefined && line.includes(home)));
  };
  const place: TemporaryPlace = {
    folder,
    user: runUser(),
    env: all,
    processes,
    processesThatStay: async () => {
      const end = performance.now() + deadlineMs(TOOL_DEADLINE_MS);
      while (processes().length > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
      return processes();
    },
    launcher: (work, more = {}, before = ':') => {
      const text = `
        import { ensureServices } from ${JSON.stringify(here('ensure-services.ts'))};
        import { placeIn } from ${JSON.stringify(here('place.ts'))};
        const place = placeIn(${JSON.stringify(folder)}, ${JSON.stringify({ ...all, ...more })});
        ${work}`;
      const args = ['--input-type=module-typescript', '--no-warnings', '--eval', text];
      const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], cwd: '/' };
      const child = spawn('/bin/sh', ['-c', `${before}; exec "$@"`, 'sh', process.execPath, ...args], options);
      return { child, output: outputOf(child) };
    },
    [Symbol.asyncDispose]: async () => {
      await stopServices(place, SERVICES);
      rmSync(root, { recursive: true, force: true });
    },
  };
  return place;
}

/** Where `env.PATH` of a temporary place leads: programs put here are found. */
export function toolsOf(place: Place): string {
  return place.env.PATH ?? '';
}

async function outputOf(child: ChildProcess): Promise<string> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0) return stdout;
  throw new Error(`the launcher ended with ${code ?? child.signalCode}:\n${stderr}`);
}
