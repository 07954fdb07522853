/** What moves on every page: colours, ticks, search, copy buttons, the place in the text. */
import searchBox from './search-box.ts?worker&url';
import { startTicks } from './ticks.ts';

startTicks();

const root = document.documentElement;
const darkPreferred = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (root.dataset.theme ?? (darkPreferred.matches ? 'dark' : 'light')) === 'dark';

for (const button of document.querySelectorAll<HTMLButtonElement>('button.theme')) {
  const show = () => button.setAttribute('aria-pressed', String(isDark()));
  show();
  darkPreferred.addEventListener('change', show);
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    show();
    try {
      localStorage.setItem('theme', root.dataset.theme);
    } catch {
      // Storage may be forbidden; the choice then lasts for this page.
    }
  });
}

for (const button of document.querySelectorAll<HTMLButtonElement>('.command button')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.parentElement?.querySelector('code')?.textContent ?? '');
    button.textContent = 'Copied';
  });
}

for (const heading of document.querySelectorAll<HTMLElement>('.prose :is(h2, h3)[id]')) {
  const anchor = document.createElement('a');
  anchor.className = 'anchor';
  anchor.href = `#${heading.id}`;
  anchor.textContent = '#';
  anchor.setAttribute('aria-label', `Link to “${heading.textContent}”`);
  heading.append(' ', anchor);
}

const dialog = document.querySelector<HTMLDialogElement>('dialog.search');
// As a file of its own, by its address: Vite's helper for dynamic imports would weigh as much as all the rest here.
const loadSearch = () => void import(/* @vite-ignore */ searchBox);
const inPage = document.querySelector<HTMLInputElement>('main search-box input');
inPage?.addEventListener('focus', loadSearch, { once: true });
const openSearch = () => {
  loadSearch();
  if (inPage) inPage.focus();
  else if (dialog && !dialog.open) dialog.showModal();
};
document.querySelector('[data-search]')?.addEventListener('click', (event) => {
  if (event instanceof MouseEvent && (event.metaKey || event.ctrlKey || event.shiftKey)) return;
  event.preventDefault();
  openSearch();
});
dialog?.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
document.addEventListener('keydown', (event) => {
  const at = event.target as HTMLElement;
  const isPalette = event.key === 'k' && (event.metaKey || event.ctrlKey) && !event.altKey;
  const isSlash = event.key === '/' && !event.metaKey && !event.ctrlKey && !event.altKey;
  if (!isPalette && !isSlash) return;
  if (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
  event.preventDefault();
  openSearch();
});

/** A station counts as passed when its heading is above this part of the window. */
const PASSED_AT = 0.2;
const stations = [...document.querySelectorAll<HTMLAnchorElement>('.side a[href^="#"]')];
if (stations.length > 0) {
  const byId = new Map(stations.map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...byId.keys()].flatMap((id) => document.getElementById(id) ?? []);
  const mark = () => {
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight * PASSED_AT);
    const current = byId.get(passed.at(-1)?.id ?? '');
    for (const link of stations) {
      if (link === current) link.setAttribute('aria-current', 'location');
      else link.removeAttribute('aria-current');
    }
  };
  let due = false;
  const later = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      mark();
    });
  };
  // At the top no station has been passed, so nothing is measured before the first scroll.
  addEventListener('scroll', later, { passive: true });
}
