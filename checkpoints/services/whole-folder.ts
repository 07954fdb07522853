import { existsSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { identityOf } from './process-identity.ts';

/**
 * Makes a folder aside and moves it into place: nobody ever sees half of it. What runs before us left that were killed
 * at it is removed.
 */
export async function makeWhole(folder: string, make: (draft: string) => Promise<void> | void): Promise<void> {
  await removeOldDrafts(folder);
  const draft = `${folder}.${process.pid}.${process.hrtime.bigint()}.draft`;
  try {
    await make(draft);
    await rename(draft, folder).catch((error: unknown) => {
      // Another run was quicker.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function removeOldDrafts(folder: string): Promise<void> {
  if (!existsSync(dirname(folder))) return;
  for (const name of readdirSync(dirname(folder))) {
    const rest = name.startsWith(`${basename(folder)}.`) ? name.slice(basename(folder).length) : '';
    const [, pid] = /^\.(\d+)\.\d+\.draft/.exec(rest) ?? [];
    if (pid !== undefined && !identityOf(Number(pid))) {
      // A tool that a killed run had started may still write there. It ends by itself; the next run removes the rest.
      await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => {});
    }
  }
}
