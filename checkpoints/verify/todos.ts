import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { Fault } from './fault.ts';
import { filesBelow, textOf } from './source-files.ts';

interface Todo {
  readonly file: string;
  readonly line: number;
  /** What stands in its parentheses; undefined when there are none. */
  readonly id: string | undefined;
  readonly text: string;
}

/** A mark: `TODO(id): …`, `TODO: …`, or a comment that begins with it. A sentence that speaks of TODOs is none. */
const TODO = /(?:(?:\/\/|#|\*)\s*TODO\b|\bTODO(?=[(:]))(?:\(([^)]*)\))?:?\s*(.*)$/;

/** Starter and manifest agree on what is left to do; solutions and variants leave nothing. */
export async function checkTodos(placed: PlacedBuiltLab, root: string): Promise<Fault[]> {
  const { lab, path } = placed;
  const faults: Fault[] = [];
  const fault = (file: string, what: string, mend: string) =>
    faults.push({ proof: 1, lab: lab.slug, file, what, mend });
  const ids = lab.checkpoints.map(({ id }) => id);
  if ((await filesBelow(root, `${path}/starter`)).length === 0) return [];
  const todos = await todosBelow(root, `${path}/starter`);
  for (const { file, line, id, text } of todos) {
    if (id === undefined) {
      fault(
        `${file}:${line}`,
        'a TODO names no checkpoint',
        `write TODO(<checkpoint>): …, with one of ${ids.join(', ')}`,
      );
    } else if (!ids.includes(id)) {
      fault(`${file}:${line}`, `TODO(${id}) names no checkpoint of ${lab.slug}`, `use one of ${ids.join(', ')}`);
    } else if (text === '') {
      fault(`${file}:${line}`, `TODO(${id}) says nothing`, 'say in one sentence what is to be reached');
    }
  }
  for (const { id, passesInStarter } of lab.checkpoints) {
    if (passesInStarter !== undefined || todos.some((todo) => todo.id === id)) continue;
    fault(
      `${path}/starter`,
      `no TODO(${id}) shows where ${id} is missing`,
      `write TODO(${id}): … where the work belongs, or give the checkpoint passesInStarter in ${path}/lab.ts`,
    );
  }
  const finished = (await filesBelow(root, path)).filter((file) =>
    /^(solution[^/]*|variants)\//.test(file.slice(path.length + 1)),
  );
  for (const file of finished) {
    for (const { line } of await todosIn(root, file)) {
      fault(`${file}:${line}`, 'a finished solution holds a TODO', 'do it, or say "Simplified: … In production: …"');
    }
  }
  return faults;
}

async function todosBelow(root: string, folder: string): Promise<Todo[]> {
  const found: Todo[] = [];
  for (const file of await filesBelow(root, folder)) found.push(...(await todosIn(root, file)));
  return found;
}

async function todosIn(root: string, file: string): Promise<Todo[]> {
  const lines = ((await textOf(root, file)) ?? '').split('\n');
  return lines.flatMap((text, i) => {
    const match = TODO.exec(text);
    return match ? [{ file, line: i + 1, id: match[1], text: (match[2] ?? '').trim() }] : [];
  });
}
