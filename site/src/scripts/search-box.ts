/**
 * The palette: actions, pages and terms by name, and then what the index that was built with the site finds in the
 * text. All of it is asked in this browser; nothing leaves the host. Loaded when it is first opened.
 */
import { matching, type Place } from './place.ts';
import { forgetTicks } from './ticks.ts';

interface Found {
  readonly url: string;
  readonly excerpt: string;
  readonly meta: { readonly title?: string };
}

interface SearchIndex {
  debouncedSearch(query: string): Promise<{ readonly results: readonly { data(): Promise<Found> }[] } | null>;
}

interface Action {
  readonly title: string;
  readonly run: () => void;
}

const MAX_RESULTS = 8;
const MAX_PLACES = 5;

const ACTIONS: readonly Action[] = [
  { title: 'Change colours', run: () => document.querySelector<HTMLButtonElement>('button.theme')?.click() },
  { title: 'Print this page', run: () => print() },
  { title: 'Forget every tick', run: forgetTicks },
];

class SearchBox extends HTMLElement {
  #index: Promise<SearchIndex> | undefined;
  #places: Promise<readonly Place[]> | undefined;

  connectedCallback(): void {
    const input = this.querySelector('input');
    const search = () => void this.#search(input?.value.trim() ?? '');
    input?.addEventListener('input', search);
    this.addEventListener('keydown', (event) => this.#move(event));
    // Somebody may have typed while this was loading.
    search();
  }

  /** The arrows go through the results, Enter in the field takes the first. */
  #move(event: KeyboardEvent): void {
    const input = this.querySelector('input');
    const items = [...this.querySelectorAll<HTMLElement>('li :is(a, button)')];
    const at = items.indexOf(event.target as HTMLElement);
    if (event.key === 'Enter' && event.target === input) items[0]?.click();
    else if (event.key === 'ArrowDown') items[Math.min(at + 1, items.length - 1)]?.focus();
    else if (event.key === 'ArrowUp' && at >= 0) (items[at - 1] ?? input)?.focus();
    else return;
    event.preventDefault();
  }

  async #search(query: string): Promise<void> {
    const input = this.querySelector('input');
    const status = this.querySelector('[role="status"]');
    const list = this.querySelector('ol');
    if (!input || !status || !list) return;
    const isCurrent = () => input.value.trim() === query;
    const actions = matching(ACTIONS, query, ACTIONS.length).map((action) => this.#actionItem(action));
    if (query === '') {
      status.textContent = '';
      list.replaceChildren(...actions);
      return;
    }
    try {
      this.#places ??= fetch(this.dataset.places ?? '').then((answer) => answer.json());
      const places = matching(await this.#places, query, MAX_PLACES);
      if (!isCurrent()) return;
      const known = [...places.map(placeItem), ...actions];
      list.replaceChildren(...known);
      this.#index ??= import(/* @vite-ignore */ new URL(this.dataset.index ?? '', location.href).href);
      const found = await (await this.#index).debouncedSearch(query);
      if (found === null || !isCurrent()) return;
      const pages = await Promise.all(found.results.slice(0, MAX_RESULTS).map((result) => result.data()));
      if (!isCurrent()) return;
      const others = pages.filter(({ url }) => places.every(({ path }) => path !== url));
      status.textContent = known.length + others.length === 0 ? `Nothing found for “${query}”` : '';
      // Appended, so that whoever is on one of the first results stays there.
      list.append(...others.map(foundItem));
    } catch {
      this.#index = undefined;
      this.#places = undefined;
      status.textContent = 'The search index could not be loaded.';
    }
  }

  #actionItem({ title, run }: Action): HTMLLIElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = title;
    button.addEventListener('click', () => {
      this.closest('dialog')?.close();
      run();
    });
    return item('Action', button);
  }
}

function item(kind: string, ...content: readonly Element[]): HTMLLIElement {
  const entry = document.createElement('li');
  const label = document.createElement('span');
  label.className = 'label';
  label.textContent = kind;
  entry.append(label, ...content);
  return entry;
}

function link(href: string, title: string): HTMLAnchorElement {
  const anchor = document.createElement('a');
  anchor.href = href;
  anchor.textContent = title;
  // A place on this page needs no load, so the dialog would stay open over it.
  anchor.addEventListener('click', () => anchor.closest('dialog')?.close());
  return anchor;
}

function placeItem({ kind, title, path }: Place): HTMLLIElement {
  return item(kind, link(path, title));
}

function foundItem(page: Found): HTMLLIElement {
  const excerpt = document.createElement('p');
  // The index holds text of this site with only <mark> put in by the index itself.
  excerpt.innerHTML = page.excerpt;
  return item('Text', link(page.url, page.meta.title ?? page.url), excerpt);
}

customElements.define('search-box', SearchBox);
