/**
 * Brings the checkpoints of the labs that run in the page into the bundle of the workbench's worker: the very test files,
 * with `vitest` cut down to what they use, and with the page's own `node:net` and `node:child_process`. A lab of kind
 * `module` is found by itself; see runs-in-page.ts for programs.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { course } from '../labs/course.ts';
import { builtLabs } from '../labs/course-schema.ts';
import { runsInPage } from './src/workbench/runs-in-page.ts';

const LABS = 'virtual:workbench-labs';
const VITEST = fileURLToPath(new URL('src/workbench/vitest.ts', import.meta.url));
const WORKBENCH = new URL('src/workbench/', import.meta.url);
/** What a checkpoint gets for what it imports of Node: programs are workers, and the network is in memory. */
const NODE: Readonly<Record<string, string>> = {
  'node:child_process': 'judge-node/child-process.ts',
  'node:events': 'node/events.ts',
  'node:net': 'judge-node/net.ts',
  'node:timers/promises': 'judge-node/timers-promises.ts',
  'node:url': 'judge-node/url.ts',
  'node:util': 'node/util.ts',
  './reaper.ts': 'judge-node/reaper.ts',
};

/** A text in somebody else's module, and what stands there in the bundle. */
interface Patch {
  readonly file: RegExp;
  readonly from: string;
  readonly to: string;
}

const PATCHES: readonly Patch[] = [
  {
    // Sucrase 3.35 takes `(yield)` for the start of a longer expression.
    file: /\/sucrase\/dist\/esm\/parser\/traverser\/expression\.js$/,
    from: 'function parseYield() {\n  next();\n  if (!match(tt.semi) && !canInsertSemicolon()) {',
    to: 'function parseYield() {\n  next();\n  if (![tt.semi, tt.parenR, tt.bracketR, tt.comma, tt.colon].some(match) && !canInsertSemicolon()) {',
  },
  {
    // Vite takes `process.env` out of what it builds for a browser.
    file: /\/checkpoints\/harness\/deadline\.ts$/,
    from: "process.env.LAB_PATIENCE ?? '1'",
    to: "globalThis.labPatience ?? '1'",
  },
];
/** The default export is an object with everything in it; of a namespace, what is not used is left out: 30 KB less. */
const FAST_CHECK = /^import fc from 'fast-check'/m;

export function workbenchPlugin(repository: string): Plugin {
  return {
    name: 'workbench',
    enforce: 'pre',
    resolveId(id, importer) {
      if (id === LABS) return `\0${LABS}`;
      if (!importer?.includes('/checkpoints/')) return undefined;
      if (id === 'vitest') return VITEST;
      const own = Object.hasOwn(NODE, id) ? NODE[id] : undefined;
      return own && fileURLToPath(new URL(own, WORKBENCH));
    },
    load(id) {
      if (id !== `\0${LABS}`) return undefined;
      const entries = builtLabs(course)
        .filter(runsInPage)
        .map(({ lab, path }) => {
          const file = `${repository}${path.replace(/^labs/, 'checkpoints')}.test.ts`;
          return `${JSON.stringify(lab.slug)}: () => import(${JSON.stringify(file)}),`;
        });
      return `export const labs = {\n${entries.join('\n')}\n};\n`;
    },
    transform(code, id) {
      if (id.includes('/checkpoints/') && FAST_CHECK.test(code)) {
        return { code: code.replace(FAST_CHECK, "import * as fc from 'fast-check'"), map: null };
      }
      const patch = PATCHES.find(({ file }) => file.test(id));
      if (!patch) return undefined;
      if (!code.includes(patch.from))
        throw new Error(`${id} has changed: see whether its patch in ${import.meta.url} is still needed`);
      return { code: code.replace(patch.from, patch.to), map: null };
    },
  };
}
