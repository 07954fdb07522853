import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page, test } from '@playwright/test';

/** Each simulation with a page that shows it. */
const PAGES = {
  loss: '/chapters/networking/',
  backpressure: '/chapters/networking/',
  framing: '/chapters/networking/',
  stampede: '/chapters/distributed/',
  outbox: '/chapters/distributed/',
} as const;
type Name = keyof typeof PAGES;
const MAX_LOADED_BYTES = 40 * 1024;
const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [390, 1400];
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** Comes to a simulation and waits until it is live. */
async function open(page: Page, name: Name, query = ''): Promise<Locator> {
  await page.goto(`${PAGES[name]}${query}`);
  const figure = page.locator(`#simulation-${name}`);
  await figure.scrollIntoViewIfNeeded();
  await expect(figure.locator('course-simulation')).toHaveAttribute('data-state', 'ready');
  return figure;
}

/** The moment of the run, in ms. */
async function momentOf(figure: Locator): Promise<number> {
  return Number(await figure.getByLabel('Moment of the run').inputValue());
}

/** Waits until the browser has drawn so many frames. */
async function frames(page: Page, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await page.evaluate(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())));
  }
}

/** What the page says of the moment. */
const saidOf = (figure: Locator): Locator => figure.locator('.sim-said');

const drawingOf = (figure: Locator): Promise<string> => figure.locator('.sim-view svg').innerHTML();

for (const name of Object.keys(PAGES) as Name[]) {
  test(`${name}: nothing of it is loaded before it is seen, and at most 40 KiB then`, async ({ page }) => {
    const scripts: string[] = [];
    let bytes = 0;
    page.on('response', (response) => {
      const kind = response.request().resourceType();
      if (kind === 'script' || kind === 'stylesheet') scripts.push(response.url());
    });
    await page.goto(PAGES[name]);
    await page.waitForLoadState('networkidle');
    const before = new Set(scripts);
    const figure = page.locator(`#simulation-${name}`);
    await expect(figure.locator('course-simulation')).not.toHaveAttribute('data-state', 'ready');
    // Straight there, so that no other one is passed on the way.
    await figure.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await expect(figure.locator('course-simulation')).toHaveAttribute('data-state', 'ready');
    for (const url of new Set(scripts.filter((script) => !before.has(script)))) {
      const body = await (await page.request.get(url)).body();
      bytes += gzipSync(body, { level: 9 }).length;
    }
    test.info().annotations.push({ type: 'weight', description: `${name}: ${bytes} bytes` });
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(MAX_LOADED_BYTES);
  });

  test(`${name}: plays, pauses, and stands still when it is not seen`, async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    const figure = await open(page, name);
    const began = await momentOf(figure);
    const play = figure.getByRole('button', { name: 'Play' });
    await play.click();
    await expect.poll(() => momentOf(figure)).toBeGreaterThan(began);
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    await expect(figure.locator('.sim-view')).not.toBeInViewport();
    await expect(async () => {
      const unseen = await drawingOf(figure);
      await frames(page, 10);
      expect(await drawingOf(figure)).toBe(unseen);
    }).toPass();
    await figure.scrollIntoViewIfNeeded();
    await figure.getByRole('button', { name: 'Pause' }).click();
    const paused = await momentOf(figure);
    await expect(saidOf(figure)).not.toBeEmpty();
    expect(await momentOf(figure)).toBe(paused);
  });

  test(`${name}: steps and goes back by keyboard alone, and comes to the same drawing`, async ({ page }) => {
    const figure = await open(page, name);
    await figure.locator('.sim-view').focus();
    await page.keyboard.press('Home');
    expect(await momentOf(figure)).toBe(0);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const second = await drawingOf(figure);
    await expect(saidOf(figure)).toContainText(' ms: ');
    await page.keyboard.press('ArrowRight');
    expect(await drawingOf(figure)).not.toBe(second);
    await page.keyboard.press('ArrowLeft');
    expect(await drawingOf(figure)).toBe(second);
  });

  test(`${name}: without script there is a still, and a text that says what it shows`, async ({ browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const answer = page.waitForResponse((response) => response.url().endsWith(`/simulations/${name}.svg`));
    await page.goto(PAGES[name]);
    const figure = page.locator(`#simulation-${name}`);
    await expect(figure.getByRole('img', { name: /./ })).toBeVisible();
    // Playwright leaves `noscript` out of texts, whether or not it is shown.
    const caption = await figure.locator('figcaption').evaluate((element) => (element as HTMLElement).innerText);
    expect(caption).toMatch(/\. Without script it stands still\.$/);
    expect(await (await answer).text()).toContain('id="still"');
    await expect(figure.getByRole('button')).toHaveCount(0);
    await context.close();
  });

  test(`${name}: axe finds nothing when it is live, in both schemes, narrow and wide`, async ({ page }) => {
    const figure = await open(page, name);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await figure.scrollIntoViewIfNeeded();
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const axe = new AxeBuilder({ page }).include(`#simulation-${name}`);
        // What is not a matter of colour is the same in both schemes.
        const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(COLOUR_RULES)).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        );
        expect(found, `${width} px, ${colorScheme}`).toEqual([]);
      }
    }
  });

  test(`${name}: is no wider than a phone, and its texts are no smaller than 11 px`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    const figure = await open(page, name);
    const { scroll, client } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    expect(scroll).toBe(client);
    const sizes = await figure
      .locator('.sim-view text')
      .evaluateAll((texts) => texts.map((text) => Number.parseFloat(getComputedStyle(text).fontSize)));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11);
  });
}

test('the address carries every parameter and the seed: the same address gives the same drawing', async ({ page }) => {
  const figure = await open(page, 'loss');
  await figure.getByLabel('Loss', { exact: true }).fill('20');
  await figure.getByLabel('TCP finds a loss').selectOption('duplicate-acks');
  await figure.getByLabel('Seed', { exact: true }).fill('123');
  await figure.getByLabel('Seed', { exact: true }).press('Enter');
  await expect.poll(() => new URL(page.url()).searchParams.get('loss.seed')).toBe('123');
  const address = new URL(page.url());
  expect(Object.fromEntries(address.searchParams)).toMatchObject({
    'loss.loss': '20',
    'loss.recovery': 'duplicate-acks',
  });
  expect([...address.searchParams.keys()]).toHaveLength(9);
  expect(address.hash).toBe('#simulation-loss');
  await expect(saidOf(figure)).toContainText('20 % loss');
  const drawing = await drawingOf(figure);
  const again = await open(page, 'loss', address.search);
  expect(await drawingOf(again)).toBe(drawing);
  await expect(again.getByLabel('Loss', { exact: true })).toHaveValue('20');
});

test('a value that cannot be used is mended, with a sentence that says so', async ({ page }) => {
  const figure = await open(page, 'loss', '?loss.loss=900&loss.recovery=magic');
  const notice = figure.locator('.sim-mends');
  await expect(notice).toContainText('Loss: ‘900’ is above 30 %; 30 % is used.');
  await expect(notice).toContainText('‘magic’ is no choice here');
  await expect(figure.getByLabel('Loss', { exact: true })).toHaveValue('30');
});

test('with reduced motion there is no Play: steps and the timeline do', async ({ page }) => {
  const figure = await open(page, 'loss');
  await expect(figure.getByRole('button', { name: 'Play' })).toBeHidden();
  const still = await drawingOf(figure);
  await figure.locator('.sim-view').focus();
  await page.keyboard.press(' ');
  await page.keyboard.press(' ');
  expect(await drawingOf(figure)).toBe(still);
  await figure.getByRole('button', { name: 'Step' }).click();
  expect(await drawingOf(figure)).not.toBe(still);
});

test('a packet under way can be touched, and is lost on both wires', async ({ page }) => {
  const figure = await open(page, 'loss', '?loss.loss=0');
  const packet = figure.locator('.sim-view [data-touch]').first();
  const id = (await packet.getAttribute('data-touch'))?.replace('lose ', '');
  await packet.click();
  await expect(saidOf(figure)).toContainText(`you lose ${Number(id) + 1}`);
});

test('the still is drawn in the colours and the type of the page', async ({ page }) => {
  const file = fileURLToPath(new URL('../dist/simulations/loss.svg', import.meta.url));
  expect(readFileSync(file, 'utf8')).toContain('fill="var(--ink)"');
  await page.goto('/write-ups/tcp-or-udp/');
  const still = page.locator('#simulation-loss svg').first();
  expect(await still.evaluate((svg) => getComputedStyle(svg).fontFamily)).toContain('Wire Sans');
});

/** Puts a text where the workbench of the framing lab keeps it. */
async function keep(page: Page, text: string): Promise<void> {
  const saved = JSON.stringify({ files: { 'framing.ts': text } });
  await page.addInitScript((value) => localStorage.setItem('workbench:/:framing', value), saved);
}

const decoderThat = (push: string): string =>
  `export function createDecoder(_options: { maxFrameBytes?: number } = {}) {
  return { push(_chunk: Uint8Array) { ${push} }, end: () => ({ ok: true, messages: [] }), bufferedBytes: 7 };
}\n`;

test('framing: the reader’s own decoder runs, when the workbench has one', async ({ page }) => {
  await keep(page, decoderThat("return { ok: true, messages: ['a word of mine'] };"));
  const figure = await open(page, 'framing');
  await expect(figure).toContainText('Here runs your decoder');
  await expect(figure.locator('.sim-view')).toContainText('Handed over by your decoder');
  await expect(figure.locator('.sim-view')).toContainText('“a word of mine”, which is not what was sent');
  await expect(saidOf(figure)).toContainText('Your decoder has handed over');
  // Other settings, other chunks: it is asked again.
  await figure.getByLabel('Largest chunk').fill('1');
  await expect(saidOf(figure)).toContainText('in chunks of 1 to 1');
  await expect(figure.locator('.sim-view')).toContainText('Handed over by your decoder');
});

test('framing: without a decoder of the reader’s, the reference runs', async ({ page }) => {
  const figure = await open(page, 'framing');
  await expect(figure.locator('.sim-view')).toContainText('Handed over by the reference decoder');
  await expect(figure).not.toContainText('Here runs');
});

for (const [what, text, said] of [
  ['never ends', decoderThat('for (;;) {}'), 'it did not come back for 2 seconds, and was ended'],
  ['throws', decoderThat("throw new Error('not yet');"), 'it throws: not yet'],
  ['gives nothing', decoderThat(''), 'it throws: it gives no messages, which the contract asks for'],
  ['throws at once', "throw new Error('no'); export {};", 'it throws while it is loaded: no'],
  ['is not there', 'export const decoder = 1;', 'framing.ts exports no createDecoder'],
] as const) {
  test(`framing: a decoder that ${what} is told of, and the page goes on`, async ({ page }) => {
    await keep(page, text);
    const figure = await open(page, 'framing');
    await expect(figure.locator('.sim-view')).toContainText(said, { timeout: 20_000 });
    await figure.getByRole('button', { name: 'Start again' }).click();
    expect(await momentOf(figure)).toBe(0);
  });
}

test('framing: a text that cannot be read is told of, and the reference runs', async ({ page }) => {
  await keep(page, 'export function createDecoder( {');
  const figure = await open(page, 'framing');
  await expect(figure).toContainText(/Your decoder in the workbench cannot run: framing\.ts, line 1, cannot be read/);
  await expect(figure.locator('.sim-view')).toContainText('Handed over by the reference decoder');
});
