import { expect, type Page, test } from '@playwright/test';

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
  /**
   * Until every font is there. It depends on how late they come and on what this machine has in their place, so it is
   * noted and not judged here; Lighthouse judges it.
   */
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
  test(`nothing moves by itself on ${path} once its fonts are there`, async ({ page }, info) => {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const { loading, reading } = await layoutShift(page, path);
      info.annotations.push({
        type: 'layout shift',
        description: `${path} ${width} px: ${loading.toFixed(4)} from fonts`,
      });
      expect(reading, `${width} px`).toBe(0);
    }
  });
}
