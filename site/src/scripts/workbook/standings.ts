/** The course map of a clone: how far its attempts are, beside what recorded runs prove. */
import type { Standing } from '../../../workbook/events.ts';
import { ask, base } from './calls.ts';

const rows = [...document.querySelectorAll<HTMLLIElement>('.course-map .labs > li')];

function mark(row: HTMLLIElement, { state, words }: Standing): void {
  if (state === 'not started' || state === 'planned') return;
  const line = document.createElement('span');
  line.className = `here verdict ${state === 'green' ? 'passed' : 'begun'}`;
  line.textContent = `your attempt: ${words}`;
  row.append(line);
}

try {
  const { labs } = await ask<{ labs: readonly Standing[] }>('course');
  for (const standing of labs) {
    const address = `${base}labs/${standing.slug}/`;
    const row = rows.find((entry) => entry.querySelector('a')?.getAttribute('href') === address);
    if (row) mark(row, standing);
  }
} catch {
  // The map says what it says without a clone; the lab's page tells what is wrong.
}
