/**
 * `npm run log -- "title" --phase networking --kind understood`: begins an entry of the learning log, dated today.
 * It says where, and never writes over an entry that is there.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository } from '../checkpoints/runner/repository.ts';
import { course } from '../labs/course.ts';

export const LOG_FOLDER = 'site/src/content/log';
const KINDS = ['studied', 'built', 'misunderstood', 'understood'] as const;
const PHASES = course.phases.map(({ slug }) => slug);

const USAGE = `npm run log -- "<title>" --phase <phase> --kind <kind>

--phase  ${PHASES.join(', ')}
--kind   ${KINDS.join(', ')}`;

export class LogError extends Error {
  readonly code = 'LOG';
}

interface Entry {
  readonly title: string;
  readonly phase: string;
  readonly kind: string;
}

/** @throws LogError that says what is missing or unknown. */
export function readEntry(args: readonly string[]): Entry {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new LogError(`${(error as Error).message}\n\n${USAGE}`);
  }
  const { positionals, values } = parsed;
  const [title = ''] = positionals;
  if (positionals.length !== 1 || slugOf(title) === '') {
    throw new LogError(`Give one title in quotation marks, with a word in it.\n\n${USAGE}`);
  }
  const { phase = '', kind = '' } = values;
  if (!PHASES.includes(phase)) throw new LogError(`--phase is "${phase}"; the phases are ${PHASES.join(', ')}.`);
  if (!KINDS.includes(kind as (typeof KINDS)[number])) {
    throw new LogError(`--kind is "${kind}"; the kinds are ${KINDS.join(', ')}.`);
  }
  return { title, phase, kind };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { phase: { type: 'string' }, kind: { type: 'string' } },
  });
}

/**
 * Writes an entry with a first sentence to replace.
 *
 * @param now its day, in local time, is the entry's.
 * @returns its repository path.
 * @throws LogError when an entry of that day and title is there.
 */
export async function addEntry({ title, phase, kind }: Entry, root: string, now: Date): Promise<string> {
  const pad = (part: number) => String(part).padStart(2, '0');
  const date = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  const path = `${LOG_FOLDER}/${date}-${slugOf(title)}.mdx`;
  const text = `---
title: ${JSON.stringify(title)}
date: ${date}
phase: ${phase}
kind: ${kind}
---

What happened, what you expected, and how you found out.
`;
  await mkdir(join(root, LOG_FOLDER), { recursive: true });
  try {
    await writeFile(join(root, path), text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new LogError(`${path} is there already. Write into it, or choose another title.`);
  }
  return path;
}

function slugOf(title: string): string {
  return title
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(await addEntry(readEntry(process.argv.slice(2)), repository, new Date()));
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
