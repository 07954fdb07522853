/** The parts of a workbench's page that its tests look at and touch. */
import { gzipSync } from 'node:zlib';
import type { Page, Response } from '@playwright/test';

/** Everything that a workbench ever loads, beside the page itself. */
export const MAX_TOUCHED_BYTES = 300_000;

export const summary = (page: Page) => page.locator('.results [role="status"]');
export const note = (page: Page) => page.locator('[data-part="note"]');
export const row = (page: Page, id: string) => page.locator(`.results [data-checkpoint="${id}"]`);
export const verdict = (page: Page, id: string) => row(page, id).locator('.verdict');
export const editor = (page: Page) => page.locator('.cm-content');
export const run = (page: Page) => page.getByRole('button', { name: 'Run' }).click();

/** Imports a file into the workbench. */
export function importFile(page: Page, name: string, text: string): Promise<void> {
  return page
    .getByLabel('File to import')
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

/**
 * Bytes of what was loaded, compressed, by address; fonts and what a page makes by itself are left out. All is asked for
 * once more: what a worker loaded goes with the worker.
 */
export async function loadedBytes(page: Page, responses: readonly Response[]): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  for (const url of new Set(responses.map((response) => response.url()))) {
    if (/\.woff2$/.test(url) || url.startsWith('blob:')) continue;
    counted.set(url, gzipSync(await (await page.request.get(url)).body(), { level: 9 }).length);
  }
  return counted;
}
