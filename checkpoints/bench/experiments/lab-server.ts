import { join } from 'node:path';
import { type Program, startProgram } from '../../harness/program.ts';

const PHASE_FOLDER = join(import.meta.dirname, '../../../labs/1-networking');

/** Starts a lab's TypeScript solution as a learner's program is started. It is gone when disposed of. */
export function startLabServer(
  lab: 'tcp-echo' | 'udp-echo',
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const cwd = join(PHASE_FOLDER, lab, 'solution');
  return startProgram({
    target: { kind: 'program', name: `${lab} solution`, command: [process.execPath, 'server.ts'], cwd, env },
  });
}
