import { expect, test } from '@playwright/test';

test('in print the frame of the site is gone, and the proof is on white', async ({ page }) => {
  await page.goto('/checkpoints/networking/');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  for (const part of ['.masthead', '.ends', '.skip']) await expect(page.locator(part).first()).toBeHidden();
  await expect(page.locator('.ledger').first()).toBeVisible();
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
    'rgb(255, 255, 255)',
  );
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  expect(ink, 'dark ink, whatever the scheme of the screen').toBe('rgb(33, 28, 22)');
});

test('with reduced motion nothing moves by itself and nothing glides', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const path of ['/', '/chapters/networking/', '/labs/tcp-echo/']) {
    await page.goto(path);
    expect(await page.evaluate(() => document.getAnimations().length), path).toBe(0);
    const gliding = await page.evaluate(
      () =>
        [document.documentElement, ...document.querySelectorAll('body *')].filter((element) => {
          const style = getComputedStyle(element);
          return style.scrollBehavior === 'smooth' || Number.parseFloat(style.transitionDuration) > 0;
        }).length,
    );
    expect(gliding, path).toBe(0);
  }
});

test('the wire has a wide and a narrow drawing, and one sentence for those who see neither', async ({ page }) => {
  await page.goto('/');
  const figure = page.getByRole('img', { name: /TCP.*UDP/s });
  await expect(figure).toHaveCount(1);
  await page.setViewportSize({ width: 1400, height: 900 });
  await expect(page.locator('.wire-figure svg:visible')).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.locator('.wire-figure svg:visible')).toHaveCount(1);
});

test('text of a diagram is never smaller than 11 px on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of [
    '/chapters/networking/',
    '/labs/tcp-echo/',
    '/labs/framing/',
    '/labs/chat/',
    '/write-ups/tcp-or-udp/',
  ]) {
    await page.goto(path);
    const sizes = await page.locator('.drawing svg text').evaluateAll((texts) =>
      texts.map((text) => {
        const scale = (text as SVGTextElement).getScreenCTM()?.a ?? 0;
        return { size: Number.parseFloat(getComputedStyle(text).fontSize) * scale, text: text.textContent };
      }),
    );
    expect(
      sizes.filter(({ size, text }) => size < 11 && text?.trim() !== ''),
      path,
    ).toEqual([]);
  }
});
