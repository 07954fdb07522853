import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT_FILES, ClientFiles } from './client-files.ts';

test('what a served script imports is served as well, and its types are gone', () => {
  const files = new ClientFiles();
  for (const name of CLIENT_FILES.filter((file) => file.endsWith('.ts'))) {
    const text = files.textOf(name) ?? '';
    const imported = [...text.matchAll(/\bfrom '(\.[^']+)'/g)].map(([, path = '']) =>
      posix.join(posix.dirname(name), path),
    );
    expect(imported.filter((path) => files.textOf(path) === undefined)).toEqual([]);
    expect(text).not.toMatch(/^(import type|interface) /m);
  }
});
