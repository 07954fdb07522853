import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { HtmlValidate } from 'html-validate';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

test('the markup of every page is valid', async () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:recommended'],
    rules: {
      // A matter of taste, or made by the build: no fault of a page.
      'doctype-style': 'off',
      'attribute-boolean-style': 'off',
      'attribute-empty-style': 'off',
      'no-trailing-whitespace': 'off',
      'no-inline-style': 'off',
      'void-style': 'off',
      'long-title': 'off',
      'require-sri': 'off',
      'prefer-native-element': 'off',
      'no-implicit-button-type': 'error',
      'tel-non-breaking': 'off',
    },
  });
  const pages = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  const faults: string[] = [];
  for (const file of pages) {
    const report = await validator.validateString(readFileSync(join(DIST, file), 'utf8'), file);
    for (const message of report.results.flatMap((result) => result.messages)) {
      faults.push(`${file}: ${message.ruleId}: ${message.message}`);
    }
  }
  expect(pages.length).toBeGreaterThan(40);
  expect([...new Set(faults)].slice(0, 40)).toEqual([]);
});
