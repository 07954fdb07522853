import { structuredPatch } from 'diff';
import type { LabData } from './lab-data.ts';
import type { Files } from './protocol.ts';

export interface DiffOptions {
  readonly lab: LabData;
  readonly files: Files;
  /** How many checkpoints were green, or beyond what a page can judge, in the last run. */
  readonly green: number;
}

const TAGS: Readonly<Record<string, 'del' | 'ins' | 'b'>> = { '-': 'del', '+': 'ins', '@': 'b' };

/** The learner's text against the solution's, once every checkpoint is green. Until then, what is missing. */
export async function showDiff(root: HTMLElement, { lab, files, green }: DiffOptions): Promise<void> {
  const total = lab.checkpoints.length;
  if (green < total) {
    root.replaceChildren(
      paragraph(
        `${green} of ${total} checkpoints are green. The solution shows all that you have yet to find, so it stands here, line by line against yours, when all of them are.`,
      ),
    );
    return;
  }
  let solution: Files;
  try {
    const response = await fetch(lab.solutionSrc);
    if (!response.ok) throw new Error(`${response.status}`);
    solution = (await response.json()) as Files;
  } catch {
    root.replaceChildren(
      paragraph('The solution could not be loaded. Look at your connection, then choose this tab again.'),
    );
    return;
  }
  const names = [...new Set([...Object.keys(files), ...Object.keys(solution)])].sort();
  const blocks = names.flatMap((name) => diffOf(name, files[name] ?? '', solution[name] ?? ''));
  root.replaceChildren(
    paragraph(
      blocks.length === 0
        ? 'Your text and the solution are the same.'
        : 'Lines with − are yours, lines with + are the solution’s. Neither is the only right one.',
    ),
    ...blocks,
  );
}

function diffOf(name: string, mine: string, theirs: string): HTMLElement[] {
  const { hunks } = structuredPatch('', '', mine, theirs);
  if (hunks.length === 0) return [];
  const code = document.createElement('code');
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    for (const line of [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines]) {
      const tag = TAGS[line.charAt(0)];
      if (tag === undefined) code.append(`${line}\n`);
      else {
        const element = document.createElement(tag);
        element.textContent = line;
        code.append(element, '\n');
      }
    }
  }
  const pre = document.createElement('pre');
  pre.className = 'diff';
  // It scrolls sideways, so the keyboard has to reach it.
  pre.tabIndex = 0;
  pre.append(code);
  const title = document.createElement('p');
  title.className = 'label';
  title.textContent = name;
  return [title, pre];
}

function paragraph(text: string): HTMLElement {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}
