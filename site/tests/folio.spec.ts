import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { course } from '../../labs/course.ts';
import { GLOSSARY } from '../src/course/glossary.ts';

const SITE_URL = 'https://course.example';
/** Of an A4 page in the units of PDF, as Chromium writes them. */
const PDF_PAGE = /\/Type\s*\/Page\b/g;
const MAX_PDF_PAGES = 2;
const PNG_WIDTH_AT = 16;

const built = course.phases.filter((phase) => phase.labs.some((lab) => lab.status === 'built'));
const isBuilt = (slug: string) => built.some((phase) => phase.slug === slug);

test.describe('the portfolio', () => {
  test('shows six phases, three pieces of evidence for each built one, and nothing for a planned one', async ({
    page,
  }) => {
    await page.goto('/portfolio/');
    const phases = page.locator('.portfolio > li');
    await expect(phases).toHaveCount(course.phases.length);
    for (const [i, phase] of course.phases.entries()) {
      const entry = phases.nth(i);
      await expect(entry.getByRole('heading', { name: phase.title })).toBeVisible();
      await expect(entry.locator('.competencies li')).toHaveCount(phase.labs.length);
      await expect(entry.locator('.pieces > li')).toHaveCount(isBuilt(phase.slug) ? 3 : 0);
      await expect(entry.getByText('planned')).toHaveCount(isBuilt(phase.slug) ? 0 : 1);
    }
  });

  test('counts what the evidence says', async ({ page }) => {
    await page.goto('/portfolio/');
    const sources = built.flatMap(({ labs }) => labs.filter((lab) => lab.status === 'built'));
    const evidence = sources.map(({ slug }) => {
      const file = fileURLToPath(new URL(`../../checkpoints/evidence/${slug}.json`, import.meta.url));
      return JSON.parse(readFileSync(file, 'utf8')) as { readonly mistakes: readonly { readonly caught: boolean }[] };
    });
    const mistakes = evidence.flatMap((record) => record.mistakes);
    const caught = mistakes.filter((mistake) => mistake.caught).length;
    await expect(page.locator('.sums')).toContainText(`wrong solutions caught${caught} of ${mistakes.length}`);
  });

  test('every piece links to its record, and prints on two pages at most', async ({ page }) => {
    await page.goto('/portfolio/');
    for (const piece of await page.locator('.pieces > li').all()) {
      const record = piece.getByRole('link', { name: /^(Record|Figures)$/ });
      expect(await record.getAttribute('href')).toMatch(/\/(checkpoints|write-ups)\//);
      await expect(piece.locator('code').last()).toHaveText(/^npm run record -- --(lab|experiment) /);
    }
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    expect(pdf.match(PDF_PAGE)?.length ?? 0).toBeGreaterThan(0);
    expect(pdf.match(PDF_PAGE)?.length).toBeLessThanOrEqual(MAX_PDF_PAGES);
  });
});

test.describe('what a site that knows its address says of itself', () => {
  const home = process.env.SITE_TEST_SUB_URL ?? '';
  test.skip(home === '', 'site/tests/run.ts builds and serves it');

  test('feeds are named on the pages, are XML, and lead to pages that are there', async ({ page, request }) => {
    await page.goto(home);
    const feeds = await page
      .locator('link[type="application/rss+xml"]')
      .evaluateAll((links) => links.map((link) => (link as HTMLLinkElement).href));
    expect(feeds).toHaveLength(2);
    for (const feed of feeds) {
      const text = await (await request.get(feed)).text();
      const links = await page.evaluate((xml) => {
        const document = new DOMParser().parseFromString(xml, 'text/xml');
        if (document.querySelector('parsererror')) throw new Error(document.documentElement.textContent ?? '');
        return [...document.querySelectorAll('item > link')].map((link) => link.textContent ?? '');
      }, text);
      expect(links.length).toBeGreaterThan(2);
      for (const link of links) {
        expect(link).toMatch(new RegExp(`^${SITE_URL}${new URL(home).pathname}`));
        expect((await request.head(new URL(new URL(link).pathname, home).href)).status(), link).toBe(200);
      }
    }
  });

  for (const path of ['', 'labs/tcp-echo/', 'labs/tcp-echo/solution/', 'portfolio/']) {
    test(`/${path} has a canonical link and a card of 1200 × 630 px`, async ({ page, request }) => {
      await page.goto(`${home}${path}`);
      const whole = `${SITE_URL}${new URL(home).pathname}${path}`;
      await expect(page.locator('link[rel="canonical"]')).toHaveAttribute('href', whole);
      const card = await page.locator('meta[property="og:image"]').getAttribute('content');
      const image = await (await request.get(new URL(new URL(card ?? '').pathname, home).href)).body();
      const size = [image.readUInt32BE(PNG_WIDTH_AT), image.readUInt32BE(PNG_WIDTH_AT + 4)];
      expect(size).toEqual([1200, 630]);
    });
  }

  test('the course and what teaches in it are described for machines', async ({ page }) => {
    const dataOf = async (path: string) => {
      await page.goto(`${home}${path}`);
      return JSON.parse((await page.locator('script[type="application/ld+json"]').textContent()) ?? '');
    };
    expect(await dataOf('')).toMatchObject({ '@type': 'Course', name: course.title });
    expect(await dataOf('labs/tcp-echo/')).toMatchObject({
      '@type': 'LearningResource',
      isPartOf: { name: course.title },
    });
  });
});

test('each term of the glossary is linked from where it is first used', async ({ page }) => {
  const linked = new Set<string>();
  const texts = course.phases.flatMap(({ slug, writeUps }) => [
    `/chapters/${slug}/`,
    ...writeUps.map((writeUp) => `/write-ups/${writeUp.slug}/`),
  ]);
  for (const path of texts) {
    await page.goto(path);
    const ids = await page.locator('a.term').evaluateAll((links) => links.map((a) => (a as HTMLAnchorElement).hash));
    expect(new Set(ids).size, `${path} links each term once`).toBe(ids.length);
    for (const id of ids) linked.add(id.slice(1));
  }
  expect(GLOSSARY.map(({ id }) => id).filter((id) => !linked.has(id))).toEqual([]);
});

test('the log is listed by day and by phase, and each entry leads back', async ({ page }) => {
  await page.goto('/log/');
  const entries = page.locator('.log li a');
  const all = await entries.count();
  await page
    .getByRole('navigation', { name: 'Entries by phase' })
    .getByRole('link', { name: /Networking/ })
    .click();
  expect(await entries.count()).toBeLessThan(all);
  const title = await entries.first().textContent();
  await entries.first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(title ?? '');
  await page.getByRole('main').getByRole('link', { name: 'Log', exact: true }).click();
  await expect(page).toHaveURL(/\/log\/$/);
});

test('an address that is nearly right is told what it may have meant; without script it gets the list', async ({
  page,
  browser,
}) => {
  await page.goto('/lab/tcp-ehco/');
  await expect(page.locator('#meant').getByRole('link', { name: 'TCP echo server' })).toBeVisible();
  await page.goto('/wp-login.php');
  await expect(page.locator('#meant')).toBeHidden();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const still = await context.newPage();
  await still.goto('/lab/tcp-ehco/');
  await expect(still.getByRole('link', { name: 'TCP echo server' })).toBeVisible();
  await context.close();
});
