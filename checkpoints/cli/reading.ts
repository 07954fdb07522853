import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { phaseFolder } from '../../labs/course-schema.ts';
import { repository } from '../runner/repository.ts';

/** Where a checkpoint is explained: the section of the phase's chapter, with its path on the site; the lab's brief while the chapter is unwritten. */
export function readingOf(placed: PlacedBuiltLab, checkpoint: Checkpoint): string {
  const { phase } = placed;
  if (phase.status === 'planned') return `${placed.path}/brief.md`;
  const heading = headingOf(chapterText(phaseFolder(phase)), checkpoint.read);
  return `chapter ${phase.number}, ${heading} (/chapters/${phase.slug}/#${checkpoint.read})`;
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
