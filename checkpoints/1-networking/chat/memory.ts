import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';

/** Resident memory of a program with all that it started, in bytes, as `ps` of Linux and macOS tells it. */
export async function residentBytes(program: Program): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,rss=']).catch((error: Error) =>
    fail({
      expected: 'the memory of your server, measured by ps',
      received: error.message.split('\n')[0] ?? 'an error',
      usually: 'ps is missing on this machine: install procps; on Windows run the checkpoints in WSL',
    }),
  );
  let kilobytes = 0;
  for (const row of stdout.trim().split('\n')) {
    const [group, resident] = row.trim().split(/\s+/).map(Number);
    if (group === program.pid) kilobytes += resident ?? 0;
  }
  return kilobytes * 1_024;
}
