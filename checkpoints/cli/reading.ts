import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { phaseFolder } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';

/** Where to read on. */
export interface Reading {
  /** What it is called: `chapter 1, Half-close`. */
  readonly text: string;
  /** Its path on the site; absent for a file of the repository. */
  readonly path?: string;
}

/** Where a checkpoint is explained: the section of the phase's chapter; the lab's brief while the chapter is unwritten. */
export function readingAt(placed: PlacedBuiltLab, checkpoint: Checkpoint): Reading {
  const { phase } = placed;
  if (phase.status === 'planned') return { text: `${placed.path}/brief.md` };
  const heading = headingOf(chapterText(phaseFolder(phase)), checkpoint.read);
  return { text: `chapter ${phase.number}, ${heading}`, path: `/chapters/${phase.slug}/#${checkpoint.read}` };
}

/** The same on one line, with its path on the site. */
export function readingOf(placed: PlacedBuiltLab, checkpoint: Checkpoint): string {
  const { text, path } = readingAt(placed, checkpoint);
  return path === undefined ? text : `${text} (${path})`;
}

/** The heading in `markdown` whose anchor is `slug`; the slug as words when there is none. */
export function headingOf(markdown: string, slug: string): string {
  for (const [, heading = ''] of markdown.matchAll(/^#{2,4}\s+(.+?)\s*$/gm)) {
    const plain = heading.replaceAll(/[`*_]/g, '');
    if (anchorOf(plain) === slug) return plain;
  }
  const words = slug.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replaceAll(/\s+/g, '-');
}

function chapterText(folder: string): string {
  try {
    return readFileSync(join(repository, 'site/src/content/chapters', `${folder}.mdx`), 'utf8');
  } catch {
    return '';
  }
}
