import { expect, test } from 'vitest';
import { GLOSSARY, type Term } from './glossary.ts';
import { linkTerms } from './glossary-links.ts';

const term = (id: string, match = id): Term => ({
  term: id,
  id,
  match,
  definition: '',
  source: { title: '', href: '' },
  taught: { phase: '', heading: '' },
});
const link = (html: string, ...terms: Term[]) => linkTerms(html, terms, ({ id }) => `#${id}`);
const to = (id: string, text = id) => `<a class="term" href="#${id}">${text}</a>`;

test('the first use of a term is linked and no later one', () => {
  expect(link('<p>A FIN, then a FIN.</p><p>FIN</p>', term('FIN'))).toBe(`<p>A ${to('FIN')}, then a FIN.</p><p>FIN</p>`);
});

test.each([
  ['a link', '<p><a href="/">FIN</a></p>'],
  ['longer code', '<p><code>FIN && ACK</code></p>'],
  ['a listing', '<p><pre><code>FIN</code></pre></p>'],
  ['a heading', '<h2>FIN</h2>'],
  ['a drawing inside a paragraph', '<p><svg><text>FIN</text></svg></p>'],
  ['a caption', '<figcaption>FIN</figcaption>'],
  ['another word', '<p>FINISH, a half-FIN, sys/FIN</p>'],
  ['an attribute', '<p title="FIN">x</p>'],
])('a term in %s is left alone', (_, html) => {
  expect(link(html, term('FIN'))).toBe(html);
});

test('code that is a term and nothing else is linked', () => {
  expect(link('<p><code>FIN</code></p>', term('FIN'))).toBe(`<p><code>${to('FIN')}</code></p>`);
});

test('after such a place the text is open to links again', () => {
  expect(link('<p><code>x</code> <br> FIN</p>', term('FIN'))).toBe(`<p><code>x</code> <br> ${to('FIN')}</p>`);
});

test('of two terms that begin at one place the longer one is linked, and both get their first use', () => {
  expect(link('<p>access token, access</p>', term('access'), term('token', 'access token'))).toBe(
    `<p>${to('token', 'access token')}, ${to('access')}</p>`,
  );
});

test('the glossary is in alphabetical order, with an address of its own for each term', () => {
  const terms = GLOSSARY.map((entry) => entry.term);
  expect(terms).toEqual(terms.toSorted((a, b) => a.localeCompare(b, 'en-GB')));
  expect(new Set(GLOSSARY.map(({ id }) => id)).size).toBe(GLOSSARY.length);
  for (const { term, definition } of GLOSSARY) {
    expect(definition.split(/(?<=[.])\s/).length, term).toBeLessThanOrEqual(3);
    expect(definition, term).toMatch(/\.$/);
  }
});
