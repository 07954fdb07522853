/**
 * `npm run badges`: draws the badges of the README from the recorded evidence into `.github/badges`. `--check` only
 * says which are stale. `npm run record` draws them as well.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { course } from '../../labs/course.ts';
import { allLabs, builtLabs, type Course } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';
import { textOf } from '../verify/source-files.ts';
import { type Badge, badgeSvg } from './badge.ts';
import { type LabEvidence, labEvidencePath } from './evidence.ts';

export const BADGE_FOLDER = '.github/badges';

/** What the evidence of a course's built labs adds up to. */
export async function badgesOf(shown: Course, root: string): Promise<Badge[]> {
  const built = builtLabs(shown);
  const texts = await Promise.all(built.map(({ lab }) => textOf(root, labEvidencePath(lab.slug))));
  const recorded = texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as LabEvidence]));
  const checkpoints = recorded.flatMap(
    ({ targets }) => targets.find(({ name }) => name === 'solution')?.checkpoints ?? [],
  );
  const mistakes = recorded.flatMap((evidence) => evidence.mistakes);
  return [
    counted('labs', 'labs', { count: built.length, of: allLabs(shown).length, done: 'stand' }),
    counted('checkpoints', 'checkpoints', {
      count: checkpoints.filter(({ verdict }) => verdict === 'passed').length,
      of: checkpoints.length,
      done: 'passed',
    }),
    counted('wrong-solutions', 'wrong solutions', {
      count: mistakes.filter(({ caught }) => caught).length,
      of: mistakes.length,
      done: 'caught',
    }),
  ];
}

function counted(
  name: string,
  label: string,
  { count, of, done }: { readonly count: number; readonly of: number; readonly done: string },
): Badge {
  return { name, label, value: `${count} of ${of} ${done}`, whole: of > 0 && count === of };
}

/** Writes the badges that differ from the evidence, or with `check` only names them. Repository paths. */
export async function drawBadges(
  shown: Course,
  { root, check }: { readonly root: string; readonly check: boolean },
): Promise<string[]> {
  const stale: string[] = [];
  for (const badge of await badgesOf(shown, root)) {
    const path = `${BADGE_FOLDER}/${badge.name}.svg`;
    const svg = badgeSvg(badge);
    if ((await textOf(root, path)) === svg) continue;
    stale.push(path);
    if (check) continue;
    await mkdir(join(root, BADGE_FOLDER), { recursive: true });
    await writeFile(join(root, path), svg);
  }
  return stale;
}

// The guard of the npm scripts imports this file: what was started is told by its name.
if (process.argv[1] === import.meta.filename) {
  const check = process.argv.includes('--check');
  const stale = await drawBadges(course, { root: repository, check });
  for (const path of stale) console.log(check ? `${path} is stale\n  mend  npm run badges` : `${path} drawn`);
  if (stale.length === 0) console.log('the badges are current');
  if (check && stale.length > 0) process.exitCode = 1;
}
