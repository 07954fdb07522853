import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place } from './place.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** A program of the system that did not do what it was asked for. */
export class ToolError extends Error {
  readonly code = 'TOOL';
  /** The line of its output that says most. */
  readonly why: string;

  constructor(command: string, why: string, options: ErrorOptions) {
    super(`${command}: ${why}`, options);
    this.why = why;
  }
}

/**
 * Runs a program of the system to its end, in English.
 *
 * @returns its standard output.
 * @throws ToolError
 */
export async function runTool(
  command: string,
  args: readonly string[],
  env: Place['env'],
  timeoutMs: number,
  cwd = '/',
): Promise<string> {
  try {
    const options = { cwd, env: { ...env, LC_ALL: 'C' }, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES };
    const { stdout } = await run(command, args, options);
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
    const loudest = lines.find((line) => /^E: |error/i.test(line)) ?? lines.at(-1) ?? message.split('\n')[0] ?? '';
    const why = killed ? `no end within ${Math.round(timeoutMs / 1000)} s` : loudest.replace(/^E: /, '').trim();
    throw new ToolError(command, why, { cause: error });
  }
}
