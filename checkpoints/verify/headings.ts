import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { phaseFolder } from '../../labs/course-schema.ts';
import type { Fault } from './fault.ts';
import { textOf } from './source-files.ts';

/** Every checkpoint's `read` is a heading of its phase's chapter. */
export async function checkReading(placed: PlacedBuiltLab, root: string): Promise<Fault[]> {
  const { lab, path, phase } = placed;
  const chapter = `site/src/content/chapters/${phaseFolder(phase)}.mdx`;
  const text = await textOf(root, chapter);
  const fault = (file: string, what: string, mend: string): Fault => ({ proof: 1, lab: lab.slug, file, what, mend });
  if (text === undefined) {
    return [fault(chapter, 'the chapter does not exist, and checkpoints say to read it', 'write it')];
  }
  const slugs = headingSlugs(text);
  const missing = Map.groupBy(
    lab.checkpoints.filter(({ read }) => !slugs.includes(read)),
    ({ read }) => read,
  );
  return [...missing].map(([read, checkpoints]) =>
    fault(
      `${path}/lab.ts`,
      `"${read}", which ${checkpoints.map(({ id }) => id).join(', ')} say to read, is no heading of ${chapter}`,
      `use one of ${slugs.join(', ') || '(it has none yet)'}, or add the heading`,
    ),
  );
}

/** Slugs of a Markdown text's headings, in order, made as the site makes them (github-slugger). */
export function headingSlugs(markdown: string): string[] {
  const seen = new Map<string, number>();
  const slugs: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split(/\r?\n/)) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark && fence === undefined) fence = mark;
    else if (mark && fence !== undefined && mark.startsWith(fence)) fence = undefined;
    else if (fence === undefined) {
      const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(line)?.[1];
      if (heading !== undefined) slugs.push(unique(slugOf(plain(heading)), seen));
    }
  }
  return slugs;
}

/** A heading's words without its marks: code, emphasis, the address of a link. */
function plain(heading: string): string {
  return heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function unique(slug: string, seen: Map<string, number>): string {
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}
