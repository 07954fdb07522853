import { expect, test } from '@playwright/test';
import { crawl, visit } from './crawl.ts';

const MAX_PAGE_BYTES = 25 * 1024;
const MAX_FONT_BYTES = 150 * 1024;
const PHONE = { width: 390, height: 844 };

test('every page is whole: links and anchors resolve, nothing leaves the host, weight and width are within bounds', async ({
  page,
}, info) => {
  // About a hundred pages, one after the other.
  test.setTimeout(180_000);
  await page.setViewportSize(PHONE);
  const visits = await crawl(page, '/');
  const faults: string[] = [];
  for (const [path, seen] of visits) {
    if (seen.status !== 200) faults.push(`${path} answers ${seen.status}`);
    if (seen.pageBytes > MAX_PAGE_BYTES)
      faults.push(`${path} weighs ${seen.pageBytes} bytes of HTML, CSS and script (gzip)`);
    if (seen.fontBytes > MAX_FONT_BYTES) faults.push(`${path} loads ${seen.fontBytes} bytes of fonts`);
    if (seen.overflow > 0) faults.push(`${path} scrolls sideways by ${seen.overflow} px at ${PHONE.width} px`);
    for (const url of seen.foreign) faults.push(`${path} asks another host for ${url}`);
    for (const error of seen.errors) faults.push(`${path}: ${error}`);
    for (const { path: target, fragment } of seen.links) {
      const there = visits.get(target);
      if (fragment !== '' && there && !there.ids.includes(fragment))
        faults.push(`${path} links to ${target}#${fragment}, which is not there`);
    }
  }
  const heaviest = [...visits.values()].sort((a, b) => b.pageBytes - a.pageBytes)[0];
  info.annotations.push({
    type: 'weight',
    description: `${visits.size} pages; the heaviest is ${heaviest?.path} with ${heaviest?.pageBytes} bytes, fonts ${Math.max(...[...visits.values()].map((v) => v.fontBytes))}`,
  });
  expect(visits.size, 'the crawl reaches the whole course').toBeGreaterThan(40);
  expect(faults).toEqual([]);
});

test('a build for a sub-path works under it: styles, links and search', async ({ page }) => {
  const home = process.env.SITE_TEST_SUB_URL;
  test.skip(home === undefined, 'site/tests/run.ts builds and serves it');
  const base = new URL(home ?? '').pathname;
  const seen = await visit(page, home ?? '');
  expect(seen.status).toBe(200);
  expect(seen.errors).toEqual([]);
  expect(seen.links.filter((link) => !link.path.startsWith(base)).map((link) => link.path)).toEqual([]);
  await page.goto(`${home}labs/tcp-echo/`);
  expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Wire Serif');
  for (const link of await page
    .locator('main a[href^="/"]')
    .evaluateAll((links) => links.map((a) => a.getAttribute('href') ?? ''))) {
    expect(link.startsWith(base), `${link} lies outside ${base}`).toBe(true);
  }
  await page.keyboard.press('/');
  await page.keyboard.type('echo');
  const first = page.locator('dialog search-box li a').first();
  await expect(first).toBeVisible();
  expect(await first.getAttribute('href')).toMatch(new RegExp(`^${base}`));
});

test('an unknown address gets the page that helps, with status 404', async ({ page }) => {
  const answer = await page.goto('/labs/no-such-lab/');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('link', { name: 'The map of the course' })).toBeVisible();
});
