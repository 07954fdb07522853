import { expect, test } from 'vitest';
import { headingSlugs } from './headings.ts';
import { readRegions } from './regions.ts';

test('regions may stand side by side and inside one another, in TypeScript and Python', () => {
  const text = '// #region a\n// #region b\nx\n// #endregion b\n// #endregion a\n# #region c\n# #endregion c\n';
  expect(readRegions(text)).toEqual({ names: ['a', 'b', 'c'], faults: [] });
});

test.each([
  ['// #region a\n// #endregion a\n// #region a\n// #endregion a', 3, 'region "a" begins twice'],
  ['// #endregion a', 1, 'region "a" ends without having begun'],
  ['x\n// #region a', 2, 'region "a" is never closed'],
  ['// #region', 1, 'a #region has no name'],
  ['// #region a\n// #endregion', 2, 'a #endregion has no name'],
])('%j is a fault', (text, line, what) => {
  expect(readRegions(text).faults).toContainEqual(expect.objectContaining({ line, what }));
});

test('headings give the slugs that the site gives them', () => {
  const text = [
    '---\ntitle: x\n---\n# One loop, many connections\n## `SO_LINGER` and *resets*\n```sh\n# no heading\n```',
    '## Half-close ##\n## Half-close\n### [RFC 862](https://example.org): what it says\n    ## code, not heading',
  ].join('\n');
  expect(headingSlugs(text)).toEqual([
    'one-loop-many-connections',
    'so_linger-and-resets',
    'half-close',
    'half-close-1',
    'rfc-862-what-it-says',
  ]);
});
