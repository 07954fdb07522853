import { headingOf } from '../../../checkpoints/cli/reading.ts';
import { course } from '../../../labs/course.ts';
import type { PlacedBuiltLab } from '../../../labs/course-schema.ts';
import { builtLabs, phaseFolder } from '../../../labs/course-schema.ts';
import type { LabData } from '../workbench/lab-data.ts';
import type { Files } from '../workbench/protocol.ts';
import { runsInPage } from '../workbench/runs-in-page.ts';
import { href } from './href.ts';
import { quoteFile } from './region.ts';
import { listFolder, readText } from './repository.ts';

/** The labs that have a workbench. */
export const workbenchLabs: readonly PlacedBuiltLab[] = builtLabs(course).filter(runsInPage);

/** The address of a lab's workbench, without the site's folder. */
export function workbenchPath(slug: string): string {
  return `/labs/${slug}/workbench/`;
}

/** What the workbench of a lab loads when it is touched. */
export function labData({ lab, phase, path }: PlacedBuiltLab): LabData {
  const chapter = readText(`site/src/content/chapters/${phaseFolder(phase)}.mdx`) ?? '';
  return {
    slug: lab.slug,
    entry: lab.entry.typescript,
    starter: starterFiles(path),
    solutionSrc: href(`/labs/${lab.slug}/workbench-solution.json`),
    checkpoints: lab.checkpoints.map(({ id, sentence, read, hints }) => ({
      id,
      sentence,
      hints,
      read: {
        href: href(`/chapters/${phase.slug}/#${read}`),
        text: `chapter ${phase.number}, ${headingOf(chapter, read)}`,
      },
    })),
  };
}

export function starterFiles(labPath: string): Files {
  return filesOf(`${labPath}/starter`, (file) => readText(file) ?? '');
}

/** Without the marks of the regions that chapters quote. */
export function solutionFiles(labPath: string): Files {
  return filesOf(`${labPath}/solution`, (file) => `${quoteFile(file).code}\n`);
}

function filesOf(folder: string, textOf: (file: string) => string): Files {
  const names = listFolder(folder).filter((name) => /\.[mc]?[jt]s$/.test(name));
  return Object.fromEntries(names.map((name) => [name, textOf(`${folder}/${name}`)]));
}
