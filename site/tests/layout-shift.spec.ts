import { expect, type Page, test } from '@playwright/test';

/** On a first visit a font may come after the first paint, and its letters are not quite as wide. */
const MAX_FIRST = 0.01;
const WIDTHS = [390, 1400];
const PATHS = [
  '/',
  '/chapters/networking/',
  '/labs/tcp-echo/',
  '/write-ups/tcp-or-udp/',
  '/checkpoints/networking/',
  '/portfolio/',
];

/** How far things moved by themselves while a page was loaded and scrolled to its end. */
async function layoutShift(page: Page, path: string): Promise<number> {
  await page.goto(path, { waitUntil: 'networkidle' });
  return page.evaluate(async () => {
    let sum = 0;
    const add = (list: PerformanceEntryList) => {
      for (const entry of list) sum += Reflect.get(entry, 'value') as number;
    };
    const observer = new PerformanceObserver((list) => add(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    await document.fonts.ready;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
      scrollTo(0, top);
      await frame();
    }
    await frame();
    add(observer.takeRecords());
    return sum;
  });
}

for (const path of PATHS) {
  test(`nothing moves by itself on ${path}, while it loads and while it is scrolled`, async ({ page }) => {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      expect(await layoutShift(page, path), `first visit, ${width} px`).toBeLessThan(MAX_FIRST);
      expect(await layoutShift(page, path), `again, ${width} px`).toBe(0);
    }
  });
}
