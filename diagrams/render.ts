/**
 * `npm run diagrams` draws every .mmd under this folder into the .svg beside it.
 * `npm run diagrams -- --check` says, without a browser, which drawings are stale, orphaned or without words.
 *
 * One SVG serves both colour schemes. It is drawn with the site's own sans, so that widths are right there.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { LINE_CSS, nameColours, redraw } from './drawing.ts';
import { SENTINELS, sentinelTheme } from './palette.ts';
import { checkDiagrams, type DiagramFault, filesUnder, labelFaults, labelOf, pipelineHash, stampOf } from './stamp.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const FONT_FAMILY = '"Wire Sans", "Source Sans 3", "Helvetica Neue", Arial, sans-serif';
const DRAW_TIMEOUT_MS = 30_000;

/**
 * Draws the diagrams of a folder that are stale, or all of them.
 *
 * @returns the files drawn.
 * @throws Error when no browser is found, when Mermaid cannot read a source, or when a source has no words.
 */
export async function renderDiagrams(
  options: { readonly folder?: string; readonly all?: boolean } = {},
): Promise<string[]> {
  const folder = options.folder ?? FOLDER;
  const pipeline = pipelineHash();
  const faults = filesUnder(folder, '.mmd').flatMap((file) =>
    labelFaults(file, readFileSync(join(folder, file), 'utf8')),
  );
  if (faults.length > 0) throw new Error(faults.map(sentence).join('\n'));
  const stale = filesUnder(folder, '.mmd').filter((file) => {
    const drawn = join(folder, file.replace(/\.mmd$/, '.svg'));
    const stamp = stampOf(readFileSync(join(folder, file), 'utf8'), pipeline);
    return options.all || !existsSync(drawn) || readFileSync(drawn, 'utf8').split('\n', 1)[0] !== stamp;
  });
  if (stale.length === 0) return [];
  // Loaded only here, so that the check stays quick.
  const { chromium } = await import('playwright');
  const { findBrowser, NO_BROWSER } = await import('../site/tests/browser.ts');
  const found = await findBrowser();
  if (found === undefined) throw new Error(`The diagrams could not be drawn: ${NO_BROWSER}.`);
  const browser = await chromium.launch({ executablePath: found.path, args: [...found.args] });
  try {
    for (const file of stale) {
      const source = readFileSync(join(folder, file), 'utf8');
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      page.setDefaultTimeout(DRAW_TIMEOUT_MS);
      const svg = await draw(page, file, source);
      await page.close();
      writeFileSync(join(folder, file.replace(/\.mmd$/, '.svg')), `${stampOf(source, pipeline)}\n${svg}\n`);
    }
  } finally {
    await browser.close();
  }
  return stale;
}

async function draw(page: Page, file: string, source: string): Promise<string> {
  const font = readFileSync(new URL('../site/src/fonts/sans.woff2', import.meta.url)).toString('base64');
  await page.setContent(
    `<style>@font-face{font-family:"Wire Sans";font-weight:400 600;src:url(data:font/woff2;base64,${font})}</style><body style="font-family:'Wire Sans'">x</body>`,
  );
  await page.addScriptTag({
    path: fileURLToPath(new URL('../node_modules/mermaid/dist/mermaid.min.js', import.meta.url)),
  });
  const id = `dg-${file.replace(/\.mmd$/, '').replaceAll(/[^a-z0-9]+/gi, '-')}`;
  const config = {
    startOnLoad: false,
    theme: 'base',
    look: 'classic',
    layout: 'dagre',
    htmlLabels: false,
    flowchart: { htmlLabels: false, curve: 'linear', padding: 8, nodeSpacing: 26, rankSpacing: 30 },
    sequence: {
      diagramMarginX: 4,
      diagramMarginY: 4,
      mirrorActors: false,
      actorMargin: 90,
      height: 38,
      messageMargin: 30,
      noteMargin: 8,
      boxMargin: 6,
    },
    state: { htmlLabels: false },
    deterministicIds: true,
    deterministicIDSeed: id,
    securityLevel: 'strict',
    fontFamily: FONT_FAMILY,
    themeVariables: {
      ...sentinelTheme(),
      fontFamily: FONT_FAMILY,
      fontSize: '15px',
      useGradient: false,
      dropShadow: 'none',
    },
    themeCSS: LINE_CSS,
  };
  const failure = await page.evaluate(
    async ({ id, source, config }) => {
      await document.fonts.ready;
      await document.fonts.load('15px "Wire Sans"');
      const { mermaid } = window as unknown as {
        mermaid: { initialize(c: unknown): void; render(id: string, text: string): Promise<{ svg: string }> };
      };
      mermaid.initialize(config);
      try {
        document.body.innerHTML = (await mermaid.render(id, source)).svg;
        return undefined;
      } catch (error) {
        return String(error);
      }
    },
    { id, source, config },
  );
  if (failure !== undefined) throw new Error(`${file}: Mermaid cannot read it. ${failure}`);
  const { title = '', description = '' } = labelOf(source);
  const svg = await page.evaluate(redraw, { ...SENTINELS, title, description });
  return nameColours(svg, file);
}

function sentence({ file, what, mend }: DiagramFault): string {
  return `diagrams/${file} ${what}. Mend: ${mend}.`;
}

/** The command line: draws, or with `--check` reports; `--all` draws what is not stale as well. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--check')) {
    const faults = checkDiagrams();
    for (const fault of faults) console.error(sentence(fault));
    if (faults.length === 0) console.log(`${filesUnder(FOLDER, '.mmd').length} diagrams are current`);
    return faults.length === 0 ? 0 : 1;
  }
  try {
    const drawn = await renderDiagrams({ all: args.includes('--all') });
    for (const file of drawn) console.log(`drawn  diagrams/${file.replace(/\.mmd$/, '.svg')}`);
    for (const orphan of checkDiagrams().filter((fault) => fault.file.endsWith('.svg'))) {
      rmSync(join(FOLDER, orphan.file));
      console.log(`removed  diagrams/${orphan.file}, which has no source`);
    }
    if (drawn.length === 0) console.log(`${filesUnder(FOLDER, '.mmd').length} diagrams are current`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
