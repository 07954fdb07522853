/**
 * `npm run bench -- rest`: rest-api against plain Fastify and bare `node:http` with the same driver and database.
 *
 * The servers take turns within a round (A B C, B C A, …) and are compared by the ratio within it, as the machine's cores
 * are shared and its mood changes. Closed loop: so many requests are under way, and each connection sends its next when
 * it has its answer.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import autocannon from 'autocannon';
import type { Histogram } from 'hdr-histogram-js';
import pg from 'pg';
import { type Program, startProgram } from '../harness/program.ts';
import { ensureServices } from '../services/ensure-services.ts';
import { alignColumns } from './echo.ts';
import { createHistogram } from './echo-load.ts';
import { findSolutions, type ServerUnderLoad } from './servers-under-load.ts';

export const REST_BENCH = {
  warmUpRounds: 1,
  rounds: 4,
  connections: 16,
  /** Of one turn: one server, one kind of request. */
  turnMs: 800,
  rows: 2_000,
  guilds: 20,
} as const;

/** Of Fastify's requests per second, by the median ratio: what noise leaves of "at least its level". */
export const REST_TARGET_RATIO = 0.95;

const KINDS = ['read', 'list', 'write'] as const;
type Kind = (typeof KINDS)[number];

export interface RestBenchRow {
  readonly server: string;
  readonly kind: Kind;
  /** Median of the rounds. */
  readonly requestsPerSecond: number;
  /** From all rounds, merged. */
  readonly latencyP50Us: number;
  readonly latencyP99Us: number;
  /** Against Fastify in the same round: median, least and greatest. */
  readonly ratio: readonly [median: number, min: number, max: number];
}

export interface RestBenchResult {
  readonly parameters: typeof REST_BENCH;
  readonly rows: readonly RestBenchRow[];
  readonly withinLimits: boolean;
}

interface Tally {
  readonly perSecond: number[];
  readonly histogram: Histogram;
}

/** Under a minute. Needs PostgreSQL; makes a database of its own and drops it. */
export async function runRestBench(): Promise<RestBenchResult> {
  const services = await ensureServices(['postgresql']);
  if (!services.ok) throw new Error(`${services.reason}: ${services.remedy}`);
  await using stack = new AsyncDisposableStack();
  const url = await ownDatabase(services.addresses.postgresql ?? '', stack);
  const [solution] = await findSolutions('rest-api', ['solution']);
  const servers = [solution, peer('Fastify', 'fastify'), peer('node:http', 'bare')];
  const started: { readonly name: string; readonly program: Program; readonly tallies: Record<Kind, Tally> }[] = [];
  for (const server of servers) {
    if (server?.ok !== true) throw new Error(server?.reason ?? 'rest-api has no solution');
    // One after the other: the first makes the schema. None has a line in its log for each request: it would be ours to
    // read, in the process that makes the load.
    const program = stack.use(
      await startProgram({ target: server.target, env: { DATABASE_URL: url, LOG_LEVEL: 'warn' } }),
    );
    const tally = (): Tally => ({ perSecond: [], histogram: createHistogram() });
    started.push({ name: server.name, program, tallies: { read: tally(), list: tally(), write: tally() } });
  }
  const ids = await fill(url);
  for (let round = -REST_BENCH.warmUpRounds; round < REST_BENCH.rounds; round += 1) {
    for (const kind of KINDS) {
      const first = (round + REST_BENCH.warmUpRounds) % started.length;
      for (const { program, tallies } of [...started.slice(first), ...started.slice(0, first)]) {
        await takeTurn(program, kind, ids, round < 0 ? undefined : tallies[kind]);
      }
    }
  }
  const fastify = started[1]?.tallies;
  if (fastify === undefined) throw new Error('Fastify was not started');
  const rows = KINDS.flatMap((kind) =>
    started.map(({ name, tallies }) => summarize(name, kind, tallies[kind], fastify[kind])),
  );
  const own = rows.filter(({ server }) => server === started[0]?.name);
  return { parameters: REST_BENCH, rows, withinLimits: own.every(({ ratio }) => ratio[0] >= REST_TARGET_RATIO) };
}

async function ownDatabase(address: string, stack: AsyncDisposableStack): Promise<string> {
  const name = `rest_bench_${randomBytes(6).toString('hex')}`;
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: address });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await administer(`CREATE DATABASE ${name} TEMPLATE template0`);
  stack.defer(() => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}

/** @returns the ids of the rows to be read. */
async function fill(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO characters (name, class, guild, level, gold, bio)
     SELECT 'Hero ' || n, 'bard', 'Guild ' || n % $2, 1 + n % 20, n, repeat('x', 200) FROM generate_series(1, $1) n
     RETURNING id`,
    [REST_BENCH.rows, REST_BENCH.guilds],
  );
  await client.query('ANALYZE');
  await client.end();
  return rows.map(({ id }) => id);
}

function peer(name: string, argument: string): ServerUnderLoad {
  const command = [process.execPath, join(import.meta.dirname, 'rest-peer.ts'), argument];
  return { name, ok: true, target: { kind: 'program', name, command, cwd: import.meta.dirname, env: {} } };
}

async function takeTurn(program: Program, kind: Kind, ids: readonly string[], tally: Tally | undefined): Promise<void> {
  let next = 0;
  let count = 0;
  const wrong: number[] = [];
  const request: autocannon.Request =
    kind === 'write'
      ? {
          method: 'POST',
          path: '/characters',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'Written', class: 'rogue', guild: 'Writers', level: 7 }),
        }
      : {
          method: 'GET',
          setupRequest: (request) => {
            next += 1;
            const guild = encodeURIComponent(`Guild ${next % REST_BENCH.guilds}`);
            const path = kind === 'read' ? `/characters/${ids[next % ids.length]}` : `/characters?guild=${guild}`;
            return { ...request, path };
          },
        };
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    const load = autocannon(
      {
        url: `http://127.0.0.1:${program.port}`,
        connections: REST_BENCH.connections,
        duration: 60, // ended by us, to the millisecond
        requests: [request],
      },
      (error) => (error ? reject(error) : resolve()),
    );
    load.on('response', (_client, status, _bytes, responseMs) => {
      if (status >= 400) wrong.push(status);
      count += 1;
      tally?.histogram.recordValue(Math.max(1, Math.round(responseMs * 1000)));
    });
    setTimeout(() => (load as unknown as { stop(): void }).stop(), REST_BENCH.turnMs);
  });
  if (wrong.length > 0) throw new Error(`${wrong.length} requests of ${count} failed, with status ${wrong[0]}`);
  tally?.perSecond.push(Math.round(count / ((performance.now() - startedAt) / 1000)));
}

function summarize(server: string, kind: Kind, { perSecond, histogram }: Tally, fastify: Tally): RestBenchRow {
  const ratios = perSecond.map((value, round) => value / (fastify.perSecond[round] ?? Number.NaN));
  const hundredths = (value: number): number => Math.round(value * 100) / 100;
  return {
    server,
    kind,
    requestsPerSecond: median(perSecond),
    latencyP50Us: histogram.getValueAtPercentile(50),
    latencyP99Us: histogram.getValueAtPercentile(99),
    ratio: [hundredths(median(ratios)), hundredths(Math.min(...ratios)), hundredths(Math.max(...ratios))],
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The result as a table for a terminal, with the verdict below. */
export function formatRestBench({ rows, parameters, withinLimits }: RestBenchResult): string {
  const cells = rows.map(
    ({ kind, server, requestsPerSecond, ratio: [middle, min, max], latencyP50Us, latencyP99Us }) => [
      `${kind}  ${server}`,
      requestsPerSecond.toLocaleString('en'),
      `${middle.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
      `${(latencyP50Us / 1000).toFixed(2)} ms`,
      `${(latencyP99Us / 1000).toFixed(2)} ms`,
    ],
  );
  const verdict = withinLimits ? 'at least' : 'NOT at';
  return [
    `${parameters.connections} connections, ${parameters.rows} rows; medians of ${parameters.rounds} rounds, ratios within a round`,
    '',
    ...alignColumns([['request  server', 'requests/s', 'of Fastify', 'p50', 'p99'], ...cells]),
    '',
    `rest-api is ${verdict} ${REST_TARGET_RATIO} of Fastify's requests per second for each kind`,
  ].join('\n');
}
