import type { LineNote } from './editor.ts';
import type { LabData } from './lab-data.ts';
import type { PageResult } from './protocol.ts';

export interface StationRowsOptions {
  /** How many hints of a checkpoint have been shown so far. */
  readonly hintsShown: (id: string) => number;
  readonly onHint: (id: string, shown: number) => void;
  readonly onPlace: (place: LineNote) => void;
}

/** What the workbench adds to a row of results: a fold around a failure, hints, and the way to the learner's line. */
export class StationRows {
  readonly #root: HTMLElement;
  readonly #lab: LabData;
  readonly #options: StationRowsOptions;

  constructor(root: HTMLElement, lab: LabData, options: StationRowsOptions) {
    this.#root = root;
    this.#lab = lab;
    this.#options = options;
  }

  clear(): void {
    for (const fold of this.#root.querySelectorAll('li > details')) fold.remove();
  }

  /** Adds to a row whose result has just been shown. The first red one is open; the others wait. */
  furnish(result: PageResult, place: LineNote | undefined): void {
    const row = this.#root.querySelector(`li[data-checkpoint="${CSS.escape(result.id)}"]`);
    const failure = row?.querySelector('.failure');
    if (!row || !failure) return;
    const fold = document.createElement('details');
    const isFirst = this.#root.querySelector('li > details[open]') === null;
    const summary = document.createElement('summary');
    summary.textContent = result.verdict === 'failed' ? 'What it saw' : 'Why';
    fold.append(summary, failure);
    fold.open = result.verdict === 'failed' && isFirst;
    if (place) failure.append(this.#placeButton(place));
    if (result.verdict === 'failed') failure.append(this.#hints(result.id));
    row.append(fold);
    // Only within the panel: the page itself stays where it is.
    if (fold.open) this.#scrollTo(row as HTMLElement);
  }

  #scrollTo(row: HTMLElement): void {
    const panel = this.#root.closest<HTMLElement>('[role="tabpanel"]');
    const summary = this.#root.querySelector('[role="status"]')?.getBoundingClientRect().height ?? 0;
    if (panel) panel.scrollTop += row.getBoundingClientRect().top - panel.getBoundingClientRect().top - summary;
  }

  #placeButton(place: LineNote): HTMLElement {
    const button = actionButton(`Go to line ${place.line} of ${place.file}`);
    button.addEventListener('click', () => this.#options.onPlace(place));
    return button;
  }

  /** Those that were shown before, and a button for the next one. */
  #hints(id: string): HTMLElement {
    const hints = this.#lab.checkpoints.find((checkpoint) => checkpoint.id === id)?.hints ?? [];
    const box = document.createElement('div');
    box.className = 'hints';
    const list = document.createElement('ol');
    const button = actionButton('');
    const draw = () => {
      const shown = Math.min(this.#options.hintsShown(id), hints.length);
      list.replaceChildren(
        ...hints.slice(0, shown).map((hint) => {
          const item = document.createElement('li');
          item.textContent = hint;
          return item;
        }),
      );
      list.hidden = shown === 0;
      button.hidden = shown === hints.length;
      button.textContent =
        shown === 0 ? `A hint, 1 of ${hints.length}` : `Another hint, ${shown + 1} of ${hints.length}`;
    };
    list.setAttribute('aria-live', 'polite');
    button.addEventListener('click', () => {
      this.#options.onHint(id, this.#options.hintsShown(id) + 1);
      draw();
    });
    draw();
    box.append(list, button);
    return box;
  }
}

function actionButton(text: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'action';
  button.textContent = text;
  return button;
}
