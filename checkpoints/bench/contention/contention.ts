/**
 * The experiment of the write-up Optimistic or pessimistic?: the same read, thought and write, guarded in four ways,
 * from rows that everybody wants to rows that hardly anybody shares. About fifty seconds.
 *
 *     npm run record -- --experiment optimistic-or-pessimistic
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase } from '../../harness/database.ts';
import { createRandom, deriveSeed, type Random } from '../../harness/random.ts';
import { ensureServices } from '../../services/ensure-services.ts';
import { type Distribution, distributionOf, rounded } from '../distribution.ts';
import { STRATEGIES, type Strategy } from './strategies.ts';

export { plotContention } from './contention-plots.ts';

/** What is held the same. */
export const CONTENTION = {
  clients: 16,
  /** How many rows the clients choose from, evenly. */
  rows: [1, 4, 16, 64, 256],
  /** What the application does between reading and writing: another call, a rule, a template. */
  thinkMs: 2,
  secondsPerCell: 2,
} as const;

export interface Cell {
  readonly strategy: Strategy['name'];
  readonly rows: number;
  readonly commits: number;
  readonly commitsPerSecond: number;
  /** Attempts that had to be thrown away, for each one that was kept. */
  readonly conflictsPerCommit: number;
  /** The most attempts that one operation needed. */
  readonly mostAttempts: number;
  /** From the first read to the write that was kept, repeats and waits included. */
  readonly latency: Pick<Distribution, 'unit' | 'n' | 'p50' | 'p99' | 'max'>;
  /** Operations that were reported as done and are not in the table. */
  readonly lost: number;
}

export interface ContentionFigures {
  readonly seed: number;
  readonly parameters: typeof CONTENTION;
  readonly server: string;
  readonly notes: readonly string[];
  readonly results: { readonly cells: readonly Cell[] };
}

const DEFAULT_SEED = 40001;

const NOTES: readonly string[] = [
  'Each client has a connection of its own and repeats an operation at once until it is kept, without back-off.',
  'A private PostgreSQL for tests runs without fsync, so a commit costs less here than on a disk. Which strategy wins at which contention is the point; the figures of another machine will differ.',
  'Unguarded: what is lost was answered as done and overwritten by somebody who had read before it.',
];

export async function runContention(onProgress: (line: string) => void = console.error): Promise<ContentionFigures> {
  const ensured = await ensureServices(['postgresql']);
  if (!ensured.ok) throw new Error(`${ensured.reason}. Mend: ${ensured.remedy}`);
  const { postgresql } = ensured.addresses;
  if (postgresql === undefined) throw new Error('postgresql was found and has no address');
  await using database = await createDatabase({ address: postgresql });
  await using clients = new AsyncDisposableStack();
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    clients.defer(() => client.end());
    return client;
  };
  const owner = await connect();
  await owner.query('CREATE TABLE quest (id integer PRIMARY KEY, taken integer NOT NULL, version integer NOT NULL)');
  const connections: pg.Client[] = [];
  for (let i = 0; i < CONTENTION.clients; i++) connections.push(await connect());
  const cells: Cell[] = [];
  for (const strategy of STRATEGIES) {
    for (const rows of CONTENTION.rows) {
      onProgress(`${strategy.name}, ${CONTENTION.clients} clients on ${rows} ${rows === 1 ? 'row' : 'rows'} …`);
      cells.push(await measure(strategy, rows, owner, connections));
    }
  }
  const { rows } = await owner.query<{ server_version: string }>('SHOW server_version');
  const server = `PostgreSQL ${rows[0]?.server_version ?? '(unknown version)'}`;
  return { seed: DEFAULT_SEED, parameters: CONTENTION, server, notes: NOTES, results: { cells } };
}

async function measure(
  strategy: Strategy,
  rows: number,
  owner: pg.Client,
  connections: readonly pg.Client[],
): Promise<Cell> {
  await owner.query('TRUNCATE quest');
  await owner.query('INSERT INTO quest SELECT id, 0, 0 FROM generate_series(0, $1 - 1) AS id', [rows]);
  const latencies: number[] = [];
  let conflicts = 0;
  let mostAttempts = 0;
  const started = performance.now();
  const end = started + CONTENTION.secondsPerCell * 1_000;
  const work = async (client: pg.Client, random: Random): Promise<void> => {
    while (performance.now() < end) {
      const id = random.int(0, rows - 1);
      const begun = performance.now();
      let attempts = 1;
      while ((await strategy.attempt(client, id, () => delay(CONTENTION.thinkMs))) === 'conflict') attempts += 1;
      latencies.push(performance.now() - begun);
      conflicts += attempts - 1;
      mostAttempts = Math.max(mostAttempts, attempts);
    }
  };
  await Promise.all(connections.map((client, i) => work(client, createRandom(deriveSeed(DEFAULT_SEED, i)))));
  const seconds = (performance.now() - started) / 1_000;
  const kept = await owner.query<{ taken: string }>('SELECT sum(taken) AS taken FROM quest');
  const { unit, n, p50, p99, max } = distributionOf(latencies, { unit: 'ms', binWidth: 1 });
  return {
    strategy: strategy.name,
    rows,
    commits: latencies.length,
    commitsPerSecond: Math.round(latencies.length / seconds),
    conflictsPerCommit: rounded(conflicts / latencies.length),
    mostAttempts,
    latency: { unit, n, p50, p99, max },
    lost: latencies.length - Number(kept.rows[0]?.taken),
  };
}
