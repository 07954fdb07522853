import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place } from './place.ts';
import type { RunUser } from './run-user.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** A program of the system that did not do what it was asked for. */
export class ToolError extends Error {
  readonly code = 'TOOL';
  /** The line of its output that says most. */
  readonly why: string;

  constructor(command: string, why: string, options?: ErrorOptions) {
    super(`${command}: ${why}`, options);
    this.why = why;
  }
}

export interface ToolOptions {
  readonly env: Place['env'];
  readonly timeoutMs: number;
  /** Default: the root folder, where everybody may be. */
  readonly cwd?: string;
  /** Default: who we are. */
  readonly user?: RunUser | undefined;
}

/**
 * Runs a program of the system to its end, in English.
 *
 * @returns its standard output.
 * @throws ToolError
 */
export async function runTool(command: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const { env, timeoutMs, cwd = '/', user } = options;
  try {
    const { stdout } = await run(command, args, {
      cwd,
      env: { ...env, LC_ALL: 'C' },
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    });
    return stdout;
  } catch (error) {
    const {
      stderr = '',
      stdout = '',
      killed,
      message,
    } = error as Error & {
      stderr?: string;
      stdout?: string;
      killed?: boolean;
    };
    const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
    const loudest =
      lines.find((line) => /^E: |error|fatal|denied|no space|too large|cannot/i.test(line)) ??
      lines.at(-1) ??
      message.split('\n')[0] ??
      '';
    const why = killed ? `no end within ${Math.round(timeoutMs / 1000)} s` : loudest.replace(/^E: /, '').trim();
    throw new ToolError(command, why, { cause: error });
  }
}
