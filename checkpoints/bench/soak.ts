/**
 * `npm run soak`: a million random bytes in random chunks and 10,000 connections opened and reset, at each server of
 * phase 1. Afterwards it must be alive, its memory within 20 % of what it was, its descriptors back.
 *
 * Memory is the resident set of the server's process. Two habits of runtimes look like leaks and are none:
 * - they grow while they warm up, so the whole load runs again and again until it adds less than 5 %, three times at
 *   the most, before anything is measured; the measured run is the same load once more. A leak grows with each run.
 * - a collector that has room does not hurry, so each runtime gets a small heap (see `SMALL_HEAPS`).
 */
import { startProgram } from '../harness/program.ts';
import { createRandom, deriveSeed } from '../harness/random.ts';
import { alignColumns } from './echo.ts';
import { type Footprint, pollFootprint, settledFootprint } from './process-footprint.ts';
import { findSolutions, type ServerUnderLoad } from './servers-under-load.ts';
import { answers, openAndReset, sendRandomBytes } from './soak-load.ts';

export interface SoakLoad {
  readonly randomBytes: number;
  readonly resets: number;
  /** How long memory and descriptors may take to come back. */
  readonly recoverMs: number;
}

export const SOAK_LOAD: SoakLoad = { randomBytes: 1_000_000, resets: 10_000, recoverMs: 30_000 };

/** A server may hold this much more than before. */
const MAX_GROWTH = 1.2;
/** Warm is who grows by less than this in a run. */
const WARM_GROWTH = 1.05;
const MAX_WARM_UPS = 3;
const SETTLE_MS = 15_000;

/** Enough for all that the servers need, too little to put off collecting. */
const SMALL_HEAPS: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--max-old-space-size=32', // MB
  DOTNET_GCHeapHardLimit: '4000000', // bytes, in hexadecimal: 64 MB
};

export type SoakRow =
  | {
      readonly server: string;
      readonly verdict: 'passed' | 'failed';
      readonly alive: boolean;
      readonly before: Footprint;
      readonly after: Footprint;
    }
  /** Not on this machine, or the load itself did not get through: the server died or stopped answering. */
  | { readonly server: string; readonly verdict: 'failed' | 'could not check'; readonly reason: string };

export interface Soaked {
  readonly server: ServerUnderLoad;
  /** What is sent afterwards on a new connection, and what the answer must hold. */
  readonly question: string;
  readonly answer: string;
}

/** Three to five minutes. @param seed of the bytes, the chunks and the resets. */
export async function runSoak(seed: number, onRow: (row: SoakRow) => void = () => {}): Promise<SoakRow[]> {
  const echo = await findSolutions('tcp-echo', ['solution', 'solution-python', 'solution-csharp']);
  const chat = await findSolutions('chat', ['solution']);
  const soaked: Soaked[] = [
    ...echo.map((server) => ({ server, question: 'still here', answer: 'still here' })),
    ...chat.map((server) => ({ server, question: 'PING\n', answer: 'PONG' })),
  ];
  const rows: SoakRow[] = [];
  for (const entry of soaked) {
    const row = await soak(entry, seed).catch(
      (error: Error): SoakRow => ({ server: entry.server.name, verdict: 'failed', reason: error.message }),
    );
    onRow(row);
    rows.push(row);
  }
  return rows;
}

/** Soaks one server. */
export async function soak({ server, question, answer }: Soaked, seed: number, size = SOAK_LOAD): Promise<SoakRow> {
  if (!server.ok) return { server: server.name, verdict: 'could not check', reason: server.reason };
  await using program = await startProgram({ target: server.target, env: SMALL_HEAPS });
  const runLoad = async (part: number): Promise<Footprint> => {
    const random = createRandom(deriveSeed(seed, part));
    await sendRandomBytes(program.port, size.randomBytes, random);
    await openAndReset(program.port, size.resets, random);
    return settledFootprint(program.pid, SETTLE_MS);
  };
  let before = await runLoad(0);
  for (let part = 1, last = 0; part < MAX_WARM_UPS && before.rssBytes > last * WARM_GROWTH; part++) {
    last = before.rssBytes;
    before = await runLoad(part);
  }
  await runLoad(MAX_WARM_UPS);
  const alive = !program.ended && (await answers(program.port, question, answer));
  const recovered = ({ rssBytes, descriptors }: Footprint): boolean =>
    rssBytes <= before.rssBytes * MAX_GROWTH && descriptors <= before.descriptors;
  const after = await pollFootprint(program.pid, recovered, size.recoverMs);
  return { server: server.name, verdict: alive && recovered(after) ? 'passed' : 'failed', alive, before, after };
}

/** The rows as a table for a terminal. */
export function formatSoak(rows: readonly SoakRow[]): string {
  const megabytes = ({ rssBytes }: Footprint) => `${(rssBytes / 1e6).toFixed(1)} MB`;
  return alignColumns([
    ['server', 'memory before', 'after', 'growth', 'descriptors before', 'after', 'alive', 'verdict'],
    ...rows.map((row) => {
      if ('reason' in row) return [row.server, '', '', '', '', '', '', `${row.verdict}: ${row.reason}`];
      const { before, after, alive, verdict } = row;
      return [
        row.server,
        megabytes(before),
        megabytes(after),
        `${((after.rssBytes / before.rssBytes - 1) * 100).toFixed(1)} %`,
        String(before.descriptors),
        String(after.descriptors),
        alive ? 'yes' : 'no',
        verdict,
      ];
    }),
  ]).join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`seed ${seed}; the same again: npm run soak -- ${seed}`);
  const rows = await runSoak(seed, ({ server, verdict }) => console.log(`${server}: ${verdict}`));
  console.log(`\n${formatSoak(rows)}`);
  if (rows.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
}
