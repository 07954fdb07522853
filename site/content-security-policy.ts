import { createHash } from 'node:crypto';
import type { AstroIntegration } from 'astro';
import { eachPage } from './each-page.ts';

/**
 * Puts a content security policy into each built page: files of this host, and of what stands in the page itself only
 * the scripts that were built into it, each by its hash. Astro's own `security.csp` would name the hash of every
 * script and style sheet of the site on every page.
 */
export function contentSecurityPolicy(): AstroIntegration {
  return eachPage('content-security-policy', withPolicy);
}

/** The page with its policy as early as a policy can stand: behind the declaration of the character set. */
export function withPolicy(html: string): string {
  const at = /<meta charset="utf-8"\s*\/?>/i.exec(html);
  if (at === null) throw new Error('A page declares no character set, so there is no place for its policy.');
  const end = at.index + at[0].length;
  return `${html.slice(0, end)}<meta http-equiv="content-security-policy" content="${policyOf(html)}">${html.slice(end)}`;
}

function policyOf(html: string): string {
  const hashes = inlineScripts(html).map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    // Everything else: files of this host, for fonts, pictures and the search index.
    "default-src 'self'",
    // The search index is WebAssembly.
    ["script-src 'self' 'wasm-unsafe-eval'", ...new Set(hashes)].join(' '),
    // A worker has the policy that its own file is served with, so what it may evaluate is not decided here.
    "worker-src 'self'",
    // Drawings carry their styles in attributes, and an editor writes its own sheet.
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join(';');
}

/** The text of every script that runs and stands in the page. Data blocks do not run. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)]
    .filter(([, attributes = '']) => !/\ssrc=|\stype="application\/(ld\+)?json"/.test(attributes))
    .map(([, , text = '']) => text);
}
