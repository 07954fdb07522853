import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

const PATHS = [
  '/',
  '/chapters/networking/',
  '/labs/tcp-echo/',
  '/write-ups/tcp-or-udp/',
  '/checkpoints/networking/',
  '/portfolio/',
  '/log/',
  '/glossary/',
];
const WIDTHS = [390, 1400];
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const SCHEMES = ['light', 'dark'] as const;

for (const path of PATHS) {
  test(`axe finds nothing on ${path}, in both schemes, narrow and wide, with every fold open`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.goto(path);
    await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true;
    });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const axe = new AxeBuilder({ page });
        // What is not a matter of colour is the same in both schemes.
        const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(COLOUR_RULES)).analyze();
        const found = violations.map(
          ({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.html.slice(0, 120)).join(' | ')})`,
        );
        expect(found, `${path} at ${width} px, ${colorScheme}`).toEqual([]);
      }
    }
  });
}

test('axe finds nothing in the search dialog with results', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('/');
  await page.keyboard.type('echo');
  await expect(page.locator('dialog search-box li').first()).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).include('dialog').analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
});
