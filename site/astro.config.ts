import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import mdx from '@astrojs/mdx';
import sitemap from '@astrojs/sitemap';
import { defineConfig } from 'astro/config';
import expressiveCode from 'astro-expressive-code';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { nodeInThePage } from './node-in-the-page.ts';
import { pageStyles } from './page-styles.ts';
import { searchIndex } from './search-index.ts';
import { workbenchPlugin } from './workbench-plugin.ts';

/** Where the site will stand, for example `https://example.org`. Absent: no canonical links and no sitemap. */
const siteUrl = process.env.SITE_URL || undefined;
/** The folder of the host that the site stands in, for example `/course`. */
const base = process.env.SITE_BASE || '/';
const repository = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: base.startsWith('/') ? base : `/${base}`,
  ...(siteUrl === undefined ? {} : { site: siteUrl }),
  outDir: resolve(repository, process.env.SITE_OUT ?? 'site/dist'),
  cacheDir: '../.cache/astro',
  trailingSlash: 'always',
  build: { inlineStylesheets: 'always' },
  devToolbar: { enabled: false },
  integrations: [
    expressiveCode(),
    mdx(),
    ...(siteUrl === undefined ? [] : [sitemap()]),
    searchIndex(),
    pageStyles(),
    contentSecurityPolicy(),
  ],
  vite: {
    cacheDir: '../.cache/vite',
    plugins: [workbenchPlugin(repository), nodeInThePage()],
    worker: { format: 'es', plugins: () => [workbenchPlugin(repository), nodeInThePage()] },
    define: { __REPOSITORY__: JSON.stringify(repository) },
    server: { fs: { allow: [repository] } },
    preview: { strictPort: true },
  },
});
