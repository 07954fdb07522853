const TAGS = { '-': 'del', '+': 'ins', '@': 'b' } as const;

/** A unified diff as text in marked lines, the way Diff.astro draws it. */
export function diffLines(text: string): HTMLElement {
  const box = document.createElement('pre');
  box.className = 'diff';
  // It scrolls sideways, so the keyboard has to reach it.
  box.tabIndex = 0;
  const code = box.appendChild(document.createElement('code'));
  for (const line of text.trimEnd().split('\n')) {
    const tag = /^(---|\+\+\+) /.test(line) ? 'b' : TAGS[line.charAt(0) as keyof typeof TAGS];
    if (code.hasChildNodes()) code.append('\n');
    if (tag === undefined) code.append(line);
    else code.appendChild(document.createElement(tag)).textContent = line;
  }
  return box;
}
