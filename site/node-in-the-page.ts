import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Lab files that simulations run in the page as they stand, and that use Node's `Buffer` without an import. */
const USE_BUFFER = [/\/labs\/1-networking\/chat\/solution\/outbox\.ts$/];
const BUFFER = fileURLToPath(new URL('src/simulations/buffer.ts', import.meta.url));

/** Gives those files a `Buffer` of their own in the browser. Nothing is put into the page's globals. */
export function nodeInThePage(): Plugin {
  return {
    name: 'node-in-the-page',
    transform(code, id, options) {
      const [file = ''] = id.split('?');
      if (options?.ssr === true || !USE_BUFFER.some((pattern) => pattern.test(file))) return undefined;
      return { code: `import { Buffer } from ${JSON.stringify(BUFFER)};\n${code}`, map: null };
    },
  };
}
