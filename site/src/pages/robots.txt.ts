import type { APIRoute } from 'astro';
import { href } from '../course/href.ts';

/** Everything may be read; the sitemap is named when the site knows its own address. */
export const GET: APIRoute = ({ site }) => {
  const sitemap = site === undefined ? '' : `\nSitemap: ${new URL(href('/sitemap-index.xml'), site).href}`;
  return new Response(`User-agent: *\nAllow: /\n${sitemap}\n`);
};
