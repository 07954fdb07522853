import { expect, type Page, test } from '@playwright/test';

/**
 * A font may come after the first paint, and its letters are not as wide as those of whatever this machine has in its
 * place. Half of what is called good: https://web.dev/articles/cls
 */
const MAX_FROM_FONTS = 0.05;
const WIDTHS = [390, 1400];
const PATHS = [
  '/',
  '/chapters/networking/',
  '/labs/tcp-echo/',
  '/write-ups/tcp-or-udp/',
  '/checkpoints/networking/',
  '/portfolio/',
];

interface Shift {
  /** Until every font is there. */
  readonly loading: number;
  /** From then on, while the page is scrolled to its end. */
  readonly reading: number;
}

/** How far things move by themselves on a page, as the sum of Chromium's layout-shift scores. */
async function layoutShift(page: Page, path: string): Promise<Shift> {
  await page.goto(path, { waitUntil: 'networkidle' });
  return page.evaluate(async () => {
    let sum = 0;
    const add = (entries: PerformanceEntryList) => {
      for (const entry of entries) sum += Reflect.get(entry, 'value') as number;
    };
    const observer = new PerformanceObserver((list) => add(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await Promise.all([...document.fonts].map((font) => font.load()));
    await painted();
    add(observer.takeRecords());
    const loading = sum;
    for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
      scrollTo(0, top);
      await painted();
    }
    add(observer.takeRecords());
    return { loading, reading: sum - loading };
  });
}

for (const path of PATHS) {
  test(`nothing moves by itself on ${path}, while it loads and while it is scrolled`, async ({ page }) => {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const { loading, reading } = await layoutShift(page, path);
      expect(loading, `${width} px`).toBeLessThan(MAX_FROM_FONTS);
      expect(reading, `${width} px`).toBe(0);
    }
  });
}
