/** The search field: asks the index that was built with the site, in this browser; nothing leaves the host. */
interface Found {
  readonly url: string;
  readonly excerpt: string;
  readonly meta: { readonly title?: string };
}

interface SearchIndex {
  debouncedSearch(query: string): Promise<{ readonly results: readonly { data(): Promise<Found> }[] } | null>;
}

const MAX_RESULTS = 8;

class SearchBox extends HTMLElement {
  #index: Promise<SearchIndex> | undefined;

  connectedCallback(): void {
    this.querySelector('input')?.addEventListener('input', (event) => {
      void this.#search((event.target as HTMLInputElement).value.trim());
    });
  }

  async #search(query: string): Promise<void> {
    const status = this.querySelector('[role="status"]');
    const list = this.querySelector('ol');
    if (!status || !list) return;
    if (query === '') {
      status.textContent = '';
      list.replaceChildren();
      return;
    }
    try {
      this.#index ??= import(/* @vite-ignore */ new URL(this.dataset.index ?? '', location.href).href);
      const found = await (await this.#index).debouncedSearch(query);
      if (found === null) return;
      const pages = await Promise.all(found.results.slice(0, MAX_RESULTS).map((result) => result.data()));
      status.textContent = found.results.length === 0 ? `Nothing found for “${query}”` : '';
      list.replaceChildren(...pages.map(entry));
    } catch {
      this.#index = undefined;
      status.textContent = 'The search index could not be loaded.';
    }
  }
}

function entry(page: Found): HTMLLIElement {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = page.url;
  link.textContent = page.meta.title ?? page.url;
  const excerpt = document.createElement('p');
  // The index holds text of this site with only <mark> put in by the index itself.
  excerpt.innerHTML = page.excerpt;
  item.append(link, excerpt);
  return item;
}

customElements.define('search-box', SearchBox);
