/**
 * Brings the checkpoints of the labs that run in the page into the bundle of the workbench's worker: the very test files,
 * with `vitest` cut down to what they use. A lab of kind `module` is found by itself.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { course } from '../labs/course.ts';
import { builtLabs } from '../labs/course-schema.ts';
import { runsInPage } from './src/workbench/runs-in-page.ts';

const LABS = 'virtual:workbench-labs';
const FAST_CHECK = "import fc from 'fast-check'";
const VITEST = fileURLToPath(new URL('src/workbench/vitest.ts', import.meta.url));

export function workbenchPlugin(repository: string): Plugin {
  return {
    name: 'workbench',
    enforce: 'pre',
    resolveId(id, importer) {
      if (id === LABS) return `\0${LABS}`;
      if (id === 'vitest' && importer?.includes('/checkpoints/')) return VITEST;
      return undefined;
    },
    transform(code, id) {
      // The default export is an object with everything in it; as a namespace, what is not used is left out: 30 KB less.
      if (!id.includes('/checkpoints/') || !code.includes(FAST_CHECK)) return undefined;
      return { code: code.replace(FAST_CHECK, "import * as fc from 'fast-check'"), map: null };
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
  };
}
