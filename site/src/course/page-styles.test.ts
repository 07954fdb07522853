import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUILT_PARTS, withItsStyles } from '../../page-styles.ts';

const SITE = fileURLToPath(new URL('../..', import.meta.url));

function stylesOf(css: string, body: string): string | undefined {
  const html = withItsStyles(`<html><head><style>${css}</style></head><body>${body}</body></html>`);
  return /<style>([\s\S]*)<\/style>/.exec(html)?.[1];
}

test('rules for parts that a page does not have go, and all others stay', () => {
  const css = 'p{a:b}.aside{c:d}.prose .source a,.x{e:f}.unknown{g:h}';
  expect(stylesOf(css, '<p class="x">')).toBe('p{a:b}.x{e:f}.unknown{g:h}');
  expect(stylesOf(css, '<p class="x aside">')).toBe('p{a:b}.aside{c:d}.x{e:f}.unknown{g:h}');
});

test('what stands in brackets decides nothing, and empty conditions go', () => {
  expect(stylesOf('.x:not(.aside,.source){a:b}:is(.aside,p) i{c:d}', '')).toBe(
    '.x:not(.aside,.source){a:b}:is(.aside,p) i{c:d}',
  );
  expect(stylesOf('@media print{.aside{a:b}}@media print{.aside{a:b}p{c:d}}', '')).toBe('@media print{p{c:d}}');
});

test('no script makes a part that only the build makes', () => {
  const made = ['src/scripts', 'src/workbench', 'src/simulations', 'workbook'].flatMap((folder) =>
    readdirSync(join(SITE, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.ts$/.test(file) && !/\.test\.ts$/.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(SITE, folder, file), 'utf8');
        const named = [...text.matchAll(/class(?:Name\s*=|List\.\w+\(|="|:)\s*['"`]?([^'"`);]*)/g)];
        const classes = named.flatMap(([, names = '']) => names.split(/[\s,]+/));
        return classes.filter((name) => BUILT_PARTS.includes(name)).map((name) => `${file}: ${name}`);
      }),
  );
  expect(made).toEqual([]);
});
