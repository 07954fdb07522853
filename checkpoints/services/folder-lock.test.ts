import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LockedError, takeLock } from './folder-lock.ts';
import { identityOf } from './process-identity.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A pid that nothing has: above what Linux and macOS give by default, and no process is older than the machine. */
const DEAD = { pid: 4_194_305, startedAt: 'never', token: 'dead' };

test('only one of many holds the lock at a time, and each gets it', async () => {
  let holders = 0;
  let most = 0;
  const turns = Array.from({ length: 20 }, async () => {
    using _ = await takeLock(lock);
    most = Math.max(most, ++holders);
    await new Promise((resolve) => setImmediate(resolve));
    holders--;
  });
  await Promise.all(turns);
  expect(most).toBe(1);
  expect(existsSync(lock)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a process that is gone is taken over, once, however many find it', async () => {
  writeFileSync(lock, JSON.stringify(DEAD));
  let holders = 0;
  let most = 0;
  const turns = Array.from({ length: 10 }, async () => {
    using _ = await takeLock(lock);
    most = Math.max(most, ++holders);
    await new Promise((resolve) => setImmediate(resolve));
    holders--;
  });
  await Promise.all(turns);
  expect(most).toBe(1);
});

test('the lock of a pid that now belongs to another process is taken over', async () => {
  writeFileSync(lock, JSON.stringify({ ...identityOf(process.pid), startedAt: 'another time', token: 'x' }));
  using _ = await takeLock(lock, { withinMs: 1_000 });
  expect(existsSync(lock)).toBe(true);
});

test('whoever waits in vain is told who holds it', async () => {
  using _ = await takeLock(lock);
  const waits: number[] = [];
  const second = takeLock(lock, { withinMs: 100, onWait: (pid) => waits.push(pid) });
  await expect(second).rejects.toThrow(LockedError);
  await expect(second).rejects.toThrow(`has been held by process ${process.pid} for`);
  expect(waits).toEqual([process.pid]);
  expect(readdirSync(folder)).toEqual(['lock']);
});
