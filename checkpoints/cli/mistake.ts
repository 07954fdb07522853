/**
 * `npm run mistake`: for authors. Edits, saves, approves and carries over a lab's mistakes, so that nobody writes a
 * patch by hand. Exit codes: 0 done, 1 a mistake is not caught as it should be, 2 wrong use.
 */
import { parseArgs } from 'node:util';
import { course } from '../../labs/course.ts';
import { allLabs } from '../../labs/course-schema.ts';
import { MistakeFormatError } from '../runner/mistake.ts';
import { repository } from '../runner/repository.ts';
import { approveMistakes } from './mistake/approve-mistakes.ts';
import { type Desk, UsageError } from './mistake/desk.ts';
import { editMistake } from './mistake/edit-mistake.ts';
import { FolderDiffError } from './mistake/folder-diff.ts';
import { rebaseMistakes } from './mistake/rebase-mistakes.ts';
import { saveMistake } from './mistake/save-mistake.ts';

const USAGE = `npm run mistake edit <lab> <name>        lay out the wrong solution's files to change them
                                         -- --fresh throws earlier changes away
npm run mistake save <lab> <name>        make the patch from the changed files, and judge it
                                         a new one needs -- --checkpoint <id> --title "…" --tempting "…"
npm run mistake approve <lab> [name…]    take the message that each mistake gets now from its checkpoint as
                                         the approved one
                                         -- --add keeps those approved before, too
npm run mistake rebase <lab>             after the solution changed: carry every patch over`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        checkpoint: { type: 'string' },
        title: { type: 'string' },
        tempting: { type: 'string' },
        add: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function main(): Promise<boolean> {
  const { values: flags, positionals } = readArguments();
  const [command, slug, ...names] = positionals;
  if (command === undefined || slug === undefined) throw new UsageError(USAGE);
  const labs = allLabs(course);
  const placed = labs.find(({ lab }) => lab.slug === slug);
  if (!placed)
    throw new UsageError(`no lab is called "${slug}"; there are ${labs.map(({ lab }) => lab.slug).join(', ')}`);
  const desk: Desk = { root: repository, placed, say: (text) => process.stdout.write(`${text}\n`) };
  if (command === 'approve') return approveMistakes(desk, names, flags.add);
  if (command === 'rebase') return rebaseMistakes(desk);
  const [name] = names;
  if (name === undefined) throw new UsageError(USAGE);
  if (command === 'save') return saveMistake(desk, name, flags);
  if (command !== 'edit') throw new UsageError(USAGE);
  await editMistake(desk, name, flags.fresh);
  return true;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError || error instanceof FolderDiffError || error instanceof MistakeFormatError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
