import { fileURLToPath } from 'node:url';
import type { AstroIntegration } from 'astro';
import * as pagefind from 'pagefind';

/** Indexes the built pages for the search dialog, into `pagefind/` of the output. Only `[data-pagefind-body]` counts. */
export function searchIndex(): AstroIntegration {
  return {
    name: 'search-index',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const { index, errors } = await pagefind.createIndex();
        if (index === undefined) throw new Error(`The search index could not be started: ${errors.join('; ')}`);
        const added = await index.addDirectory({ path: fileURLToPath(dir) });
        const faults = [...added.errors];
        faults.push(...(await index.writeFiles({ outputPath: fileURLToPath(new URL('pagefind/', dir)) })).errors);
        await pagefind.close();
        if (faults.length > 0) throw new Error(`The search index could not be written: ${faults.join('; ')}`);
        logger.info(`${added.page_count} pages indexed`);
      },
    },
  };
}
