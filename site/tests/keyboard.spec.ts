import { expect, test } from '@playwright/test';

test('the first Tab reaches the skip link, and it leads to the text', async ({ page }) => {
  await page.goto('/chapters/networking/');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the text' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
});

test('a slash opens search, words find pages, Escape closes it', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('/');
  const field = page.locator('dialog search-box input');
  await expect(field).toBeFocused();
  await page.keyboard.type('echo');
  const first = page.locator('dialog search-box li a').first();
  await expect(first).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(first).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog.search')).toBeHidden();
});

test('a slash typed into a field is a slash', async ({ page }) => {
  await page.goto('/search/');
  await page.locator('main search-box input').fill('');
  await page.locator('main search-box input').press('/');
  await expect(page.locator('dialog.search')).toBeHidden();
  await expect(page.locator('main search-box input')).toHaveValue('/');
});

test('the colours follow the system until they are chosen, and the choice lasts', async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/');
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await paper();
  expect(dark).not.toBe(light);
  const button = page.getByRole('button', { name: 'Dark colours' });
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await button.press('Enter');
  expect(await paper()).toBe(light);
  await page.goto('/course/');
  expect(await paper()).toBe(light);
  await expect(page.getByRole('button', { name: 'Dark colours' })).toHaveAttribute('aria-pressed', 'false');
});

test('every control of the masthead can be reached by Tab and shows where the focus is', async ({ page }) => {
  await page.goto('/course/');
  const controls = page.locator('.masthead a, .masthead button');
  await page.keyboard.press('Tab');
  for (let i = 0; i < (await controls.count()); i += 1) {
    await page.keyboard.press('Tab');
    await expect(controls.nth(i)).toBeFocused();
    expect(await controls.nth(i).evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  }
});

test('without script the chapter, its sections and the lab can be read', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto('/labs/tcp-echo/');
  await expect(page.getByRole('heading', { name: 'The contract' })).toBeVisible();
  await page.locator('.stations details summary').first().click();
  await expect(page.locator('.stations details p').first()).toBeVisible();
  await context.close();
});
