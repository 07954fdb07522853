import { expect, test } from '@playwright/test';

const items = 'dialog search-box li :is(a, button)';

test('the palette goes to a page by its name, with the keyboard alone', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Control+k');
  await expect(page.locator('dialog search-box input')).toBeFocused();
  await page.keyboard.type('udp echo');
  await expect(page.locator(items).first()).toHaveText('UDP echo server and path client');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/labs\/udp-echo\/$/);
});

test('the arrows go down through the results and back up to the field', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('/');
  await page.keyboard.type('echo');
  await expect(page.locator('dialog search-box li mark').first()).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(items).nth(0)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(items).nth(1)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('dialog search-box input')).toBeFocused();
});

test('the palette knows the terms of the glossary, and actions', async ({ page }) => {
  await page.goto('/glossary/');
  await page.keyboard.press('/');
  await page.keyboard.type('write skew');
  await expect(page.locator(items).first()).toHaveText('write skew');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/glossary\/#write-skew$/);
  await expect(page.locator('dialog.search')).toBeHidden();

  await page.emulateMedia({ colorScheme: 'light' });
  await page.keyboard.press('/');
  await page.locator('dialog search-box input').fill('colours');
  await expect(page.locator(items).first()).toHaveText('Change colours');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('nothing of the palette is loaded before it is opened', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto('/', { waitUntil: 'networkidle' });
  expect(asked.filter((path) => /search-box|places\.json|pagefind/.test(path))).toEqual([]);
});

test('a tick shows at the head, on the map and at the ends, lasts, and can be taken back', async ({ page }) => {
  await page.goto('/chapters/networking/');
  const button = page.getByRole('button', { name: 'Read' });
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await button.press('Enter');
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.wire-nav .ticked')).toHaveCount(1);
  await page.goto('/course/');
  await expect(page.locator('.course-map .ticked')).toHaveText('Networking (done)');
  await page.goto('/labs/tcp-echo/');
  await expect(page.getByRole('link', { name: /Chapter Networking \(done\)/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Solved' })).toHaveAttribute('aria-pressed', 'false');
  await page.keyboard.press('/');
  await page.locator('dialog search-box input').fill('forget');
  await expect(page.locator(items).first()).toHaveText('Forget every tick');
  await page.keyboard.press('Enter');
  await expect(page.locator('.ticked')).toHaveCount(0);
});

test('what another program put into the storage breaks no page', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  for (const text of ['{', '{"a":1}', '[1,null]', 'null']) {
    await page.goto('/course/');
    await page.evaluate((value) => localStorage.setItem('ticks', value), text);
    await page.reload();
    await expect(page.locator('.ticked')).toHaveCount(0);
  }
  expect(errors).toEqual([]);
});

test('without script there is no tick to press', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto('/chapters/networking/');
  await expect(page.locator('button.tick')).toBeHidden();
  await context.close();
});
