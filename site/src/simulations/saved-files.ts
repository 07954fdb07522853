import { href } from '../course/href.ts';
import type { Files } from '../workbench/protocol.ts';

/** What the reader has written in a lab's workbench, when this browser has kept it and the lab's own file is among it. */
export function savedFiles(lab: string, entry: string): Files | undefined {
  try {
    const saved = JSON.parse(localStorage.getItem(`workbench:${href('/')}:${lab}`) ?? '{}') as { files?: unknown };
    const files = Object.entries(saved.files ?? {}).filter(
      (file): file is [string, string] => typeof file[1] === 'string',
    );
    return files.some(([name]) => name === entry) ? Object.fromEntries(files) : undefined;
  } catch {
    // No storage, or no text in it.
    return undefined;
  }
}
