/**
 * A worker of the message-queue lab, with effects that happen on paper: it writes a JSON line for each message that it
 * is handed, and for each that it has settled. Configured as the lab's program is. Effects of `held-…` never end where
 * `HOLDS` is set; those of `flaky-…` fail until their third attempt.
 */
import pg from 'pg';
import { readSettings } from '../../../labs/3-distributed/message-queue/solution/settings.ts';
import { Worker } from '../../../labs/3-distributed/message-queue/solution/worker.ts';
import { openQueue, silent } from './queues.ts';

const FAILURES = 2;

const reading = readSettings({ ...process.env, ROLE: 'publisher' });
if (!reading.ok) throw new Error(reading.problem);
const queue = openQueue(reading.settings);
const tell = (event: 'got' | 'done', id: string) =>
  process.stdout.write(`${JSON.stringify({ event, id, atMs: performance.timeOrigin + performance.now() })}\n`);

const failed = new Map<string, number>();

async function pay({ id }: { readonly id: string }): Promise<boolean> {
  tell('got', id);
  if (process.env.HOLDS && id.startsWith('held')) return new Promise(() => {});
  const failures = failed.get(id) ?? 0;
  if (id.startsWith('flaky') && failures < FAILURES) {
    failed.set(id, failures + 1);
    // Not an outage, so that it counts as an attempt.
    throw Object.assign(new pg.DatabaseError('the purse is cursed', 0, 'error'), { code: 'P0001' });
  }
  tell('done', id);
  return true;
}

await queue.connect();
await new Worker(queue, { pay }, { ...reading.settings, log: silent }).start();
process.stdout.write('{"event":"ready"}\n');
