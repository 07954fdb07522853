import type { GivenHint } from '../../../workbook/events.ts';
import { addressOf } from './reading.ts';

/** The hints given so far, the newest last; after the last of all, where to read on. */
export function hintLines({ checkpoint, hints, total, isNew, reading }: GivenHint): Node[] {
  const list = document.createElement('ol');
  list.className = 'hints';
  list.append(
    ...hints.map((hint) => {
      const item = document.createElement('li');
      item.textContent = hint;
      return item;
    }),
  );
  const head = document.createElement('p');
  head.className = 'label';
  head.textContent = `${hints.length} of ${total} hints for ${checkpoint}${isNew ? '' : '; there are no more'}`;
  const onward = document.createElement('p');
  const link = document.createElement('a');
  link.href = addressOf(reading.href);
  link.textContent = reading.text;
  onward.append('Read ', link, '.');
  return [head, list, ...(hints.length === total ? [onward] : [])];
}
