import { join } from 'node:path';
import { course } from '../../labs/course.ts';
import { builtLabs } from '../../labs/course-schema.ts';
import type { InjectedTarget } from '../harness/checkpoint.ts';
import { resolveTarget, type TargetName } from '../runner/target.ts';

/** A server to load, or why it cannot be started on this machine. */
export type ServerUnderLoad =
  | { readonly name: string; readonly ok: true; readonly target: InjectedTarget }
  | { readonly name: string; readonly ok: false; readonly reason: string };

/** A lab's solutions, made ready to run: built where the language is compiled. */
export async function findSolutions(slug: string, names: readonly TargetName[]): Promise<ServerUnderLoad[]> {
  const placed = builtLabs(course).find(({ lab }) => lab.slug === slug);
  if (placed === undefined) throw new Error(`labs/course.ts has no built lab ${slug}`);
  return Promise.all(
    names.map(async (name): Promise<ServerUnderLoad> => {
      const label = `${slug} ${LANGUAGES[name] ?? name}`;
      const resolved = await resolveTarget(placed, name);
      if (resolved.ok) return { name: label, ok: true, target: resolved.target };
      return { name: label, ok: false, reason: `${resolved.reason}; ${resolved.remedy}` };
    }),
  );
}

const LANGUAGES: Readonly<Partial<Record<TargetName, string>>> = {
  solution: 'TypeScript',
  'solution-python': 'Python',
  'solution-csharp': 'C#',
};

/** The plain `socket.pipe(socket)` that the echo solutions are held against. */
export const BASELINE: ServerUnderLoad = {
  name: 'socket.pipe(socket)',
  ok: true,
  target: {
    kind: 'program',
    name: 'baseline',
    command: [process.execPath, join(import.meta.dirname, 'baseline-server.ts')],
    cwd: import.meta.dirname,
    env: {},
  },
};
