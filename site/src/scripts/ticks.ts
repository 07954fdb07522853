/**
 * What a reader has done, kept in this browser: the addresses of chapters and write-ups that were read, and of labs
 * that were solved. Without storage there are no ticks, and nothing else changes.
 */
const KEY = 'ticks';
/** Where ticks are shown: the phases at the head, the map, and the ends of the wire. */
const SHOWN_ON = '.wire-nav a, .course-map a, .ends a';

function ticked(): Set<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return new Set(Array.isArray(stored) ? stored.filter((path) => typeof path === 'string') : []);
  } catch {
    return new Set();
  }
}

function save(paths: ReadonlySet<string>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([...paths]));
  } catch {
    // Storage may be forbidden; the tick then lasts for this page.
  }
  show(paths);
}

/** Ticks a page, or takes its tick away. */
export function tick(path: string, done = true): void {
  const paths = ticked();
  if (done) paths.add(path);
  else paths.delete(path);
  save(paths);
}

export function forgetTicks(): void {
  save(new Set());
}

function show(paths: ReadonlySet<string>): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(SHOWN_ON)) {
    const done = link.hash === '' && paths.has(link.pathname);
    link.classList.toggle('ticked', done);
    const said = link.querySelector('.done');
    if (done && !said) {
      const text = document.createElement('span');
      text.className = 'done hidden-text';
      text.textContent = ' (done)';
      link.append(text);
    } else if (!done) said?.remove();
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.tick')) {
    button.setAttribute('aria-pressed', String(paths.has(location.pathname)));
  }
}

/** Shows the ticks, and lets the page's own button set one. A workbench says `lab:solved` when all is green. */
export function startTicks(): void {
  show(ticked());
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.tick')) {
    button.hidden = false;
    button.addEventListener('click', () => tick(location.pathname, button.getAttribute('aria-pressed') !== 'true'));
  }
  document.addEventListener('lab:solved', () => tick(location.pathname));
  addEventListener('storage', ({ key }) => key === KEY && show(ticked()));
}
