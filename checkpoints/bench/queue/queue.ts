/**
 * `npm run bench -- queue`: confirmed publishes and consumed messages a second, and how long a reward takes from its
 * publish to its effect, by broker and prefetch. Held against the same contract over HTTP on plain amqplib, which tells
 * of each confirm, and does none of the lab's other work; beside it stands what amqplib gives without HTTP. About three minutes.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import amqp from 'amqplib';
import pg from 'pg';
import { closeKafka, openKafka } from '../../3-distributed/message-queue/kafka-bench.ts';
import { closeSqs, openSqs } from '../../3-distributed/message-queue/sqs-bench.ts';
import type { InjectedTarget } from '../../harness/checkpoint.ts';
import { createDatabase } from '../../harness/database.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { Unavailable } from '../../harness/unavailable.ts';
import { type Distribution, distributionOf } from '../distribution.ts';
import { alignColumns } from '../echo.ts';
import { findSolutions } from '../servers-under-load.ts';

export const QUEUE_BENCH = {
  messages: 6_000,
  /** On the emulators, which are no brokers and are measured for the shape alone. */
  messagesElsewhere: 1_000,
  batch: 500,
  publishers: 4,
  /** Published by each program before the clock starts: what is measured is a server that runs, not its first second. */
  warmUp: 1_000,
  prefetch: [1, 20, 100, 300],
  /** By turns with the baseline, so that the mood of the machine is everybody's; medians are shown. */
  rounds: 3,
  /** Rewards, one after the other at this distance, of which the way to the effect is measured. */
  latencyMessages: 400,
  latencyEveryMs: 5,
} as const;

const DONE_WITHIN_MS = 120_000;
/** Of plain amqplib behind HTTP, the lab's program has to reach so much. */
const LIMIT = 0.9;
/** The setting of the prefetch at which the two are compared. */
const COMPARED_AT = 20;
const PLAIN = fileURLToPath(new URL('plain.ts', import.meta.url));
const run = promisify(execFile);

const SCHEMA = `
  CREATE TABLE inbox (message_id text PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE ledger (entry bigserial PRIMARY KEY, message_id text NOT NULL, adventurer text NOT NULL, gold integer NOT NULL,
                       paid_at timestamptz NOT NULL DEFAULT clock_timestamp())`;

export interface QueueRow {
  readonly who: string;
  readonly against: string;
  readonly prefetch: number;
  /** Medians of the rounds. */
  readonly publishedPerSecond: number;
  /** Absent where only publishing is measured. */
  readonly consumedPerSecond?: number;
  /** From the publish to the commit of the effect; absent where it is not measured. */
  readonly toEffect?: Distribution;
}

export interface QueueBenchResult {
  readonly parameters: typeof QUEUE_BENCH;
  readonly rows: readonly QueueRow[];
  /** The lab's program over plain amqplib behind HTTP, at prefetch 20: the median of the rounds' quotients. */
  readonly share: { readonly published: number; readonly consumed: number };
  readonly withinLimits: boolean;
  readonly missing: readonly string[];
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly node: string };
}

/** A database, a name, and how to reach the broker. */
interface Place extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  readonly sql: pg.Client;
}

export async function runQueueBench(): Promise<QueueBenchResult> {
  const [solution] = await findSolutions('message-queue', ['solution']);
  if (!solution?.ok) throw new Error(solution?.reason ?? 'there is no solution');
  const { target } = solution;
  const rows: QueueRow[] = [];
  const missing: string[] = [];
  const rabbit = { BROKER: 'rabbitmq', AMQP_URL: target.services?.rabbitmq ?? '' };
  const pipe: number[] = [];
  const plain: Figures = { published: [], consumed: [] };
  const own = new Map<number, Figures>(
    QUEUE_BENCH.prefetch.map((prefetch) => [prefetch, { published: [], consumed: [] }]),
  );
  for (let round = 0; round < QUEUE_BENCH.rounds; round += 1) {
    await usePlace(target, rabbit, async (place) => {
      await declare(target, place);
      pipe.push(await runPipe(place));
    });
    const measureBoth = (publisher: InjectedTarget, worker: InjectedTarget, prefetch: number, figures: Figures) =>
      usePlace(target, rabbit, async (place) => {
        await declare(target, place);
        figures.published.push(await measurePublishing(publisher, place, QUEUE_BENCH.messages));
        figures.consumed.push(await measureConsuming(worker, place, prefetch, QUEUE_BENCH.messages));
      });
    await measureBoth(plainTarget('serve'), plainTarget('consume'), COMPARED_AT, plain);
    for (const [prefetch, figures] of own) await measureBoth(target, target, prefetch, figures);
  }
  const [bare, http] = ['plain amqplib, no HTTP', 'plain amqplib behind HTTP'];
  rows.push({ who: bare, against: 'RabbitMQ', prefetch: COMPARED_AT, publishedPerSecond: Math.round(median(pipe)) });
  rows.push({ who: http, against: 'RabbitMQ', prefetch: COMPARED_AT, ...medians(plain) });
  for (const [prefetch, figures] of own) {
    const toEffect = await usePlace(target, rabbit, (place) => measureToEffect(target, place, prefetch));
    rows.push({ who: 'message-queue', against: 'RabbitMQ', prefetch, ...medians(figures), toEffect });
  }
  for (const open of [openKafka, openSqs]) {
    try {
      await using bench = await open();
      const env = { ...bench.env, QUEUE: bench.queue, VISIBILITY_TIMEOUT_S: '30' };
      const { messagesElsewhere: messages } = QUEUE_BENCH;
      const figures = await usePlace(target, env, async (place) => ({
        published: [await measurePublishing(target, place, messages)],
        consumed: [await measureConsuming(target, place, COMPARED_AT, messages)],
      }));
      const toEffect = await usePlace(target, env, (place) => measureToEffect(target, place, COMPARED_AT));
      rows.push({ who: 'message-queue', against: bench.against, prefetch: COMPARED_AT, ...medians(figures), toEffect });
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      missing.push(`${error.lack.reason}; ${error.lack.remedy}`);
    }
  }
  await Promise.all([closeKafka(), closeSqs()]);
  const compared = own.get(COMPARED_AT) ?? plain;
  const quotients = (of: readonly number[], by: readonly number[]) =>
    of.map((value, i) => value / (by[i] ?? Number.NaN));
  const share = {
    published: median(quotients(compared.published, plain.published)),
    consumed: median(quotients(compared.consumed, plain.consumed)),
  };
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, node: process.version };
  const withinLimits = share.published >= LIMIT && share.consumed >= LIMIT;
  return { parameters: QUEUE_BENCH, rows, share, withinLimits, missing, machine };
}

async function usePlace<T>(
  target: InjectedTarget,
  env: Readonly<Record<string, string>>,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const { postgresql, rabbitmq } = target.services ?? {};
  if (postgresql === undefined || rabbitmq === undefined)
    throw new Error('the target has no PostgreSQL or no RabbitMQ');
  await using database = await createDatabase({ address: postgresql });
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  const queue = env.QUEUE ?? `lab.bench-${randomBytes(6).toString('hex')}`;
  try {
    await sql.query(SCHEMA);
    const all = { DATABASE_URL: database.url, QUEUE: queue, LOG_LEVEL: 'warn', ...env };
    return await work({ env: all, sql, [Symbol.asyncDispose]: async () => {} });
  } finally {
    await sql.end();
    if (env.BROKER === 'rabbitmq') await removeQueues(rabbitmq, queue);
  }
}

async function removeQueues(url: string, queue: string): Promise<void> {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  for (const end of ['any', '0', '1', '2', '3', 'dead', 'retry.1000']) await channel.deleteQueue(`${queue}.${end}`);
  await channel.deleteExchange(queue);
  await connection.close();
}

/** What is measured must find its queues there; the lab's program makes them for all. */
async function declare(target: InjectedTarget, { env }: Place): Promise<void> {
  await (await startProgram({ target, env: { ...env, ROLE: 'publisher' } })).stop();
}

function plainTarget(mode: 'serve' | 'consume'): InjectedTarget {
  return { kind: 'program', name: mode, command: [process.execPath, PLAIN, mode], cwd: dirname(PLAIN), env: {} };
}

/** @returns messages a second. */
async function runPipe({ env }: Place): Promise<number> {
  const own = { ...process.env, ...env, COUNT: String(QUEUE_BENCH.messages) };
  const { stdout } = await run(process.execPath, [PLAIN, 'pipe'], { env: own, timeout: DONE_WITHIN_MS });
  const { tookMs } = JSON.parse(stdout) as { tookMs: number };
  return (QUEUE_BENCH.messages / tookMs) * 1_000;
}

/** @returns messages a second. */
async function measurePublishing(target: InjectedTarget, { env }: Place, count: number): Promise<number> {
  await using program = await startProgram({ target, env: { ...env, ROLE: 'publisher' } });
  await publishAll(program, 'warm', QUEUE_BENCH.warmUp);
  const since = performance.now();
  await publishAll(program, 'own', count);
  return (count / (performance.now() - since)) * 1_000;
}

async function publishAll(program: Program, name: string, count: number): Promise<void> {
  let next = 0;
  const publisher = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += QUEUE_BENCH.batch;
      const ids = Array.from({ length: Math.min(QUEUE_BENCH.batch, count - first) }, (_, i) => `${name}-${first + i}`);
      await publish(program, ids);
    }
  };
  await Promise.all(Array.from({ length: QUEUE_BENCH.publishers }, publisher));
}

async function publish(program: Program, ids: readonly string[]): Promise<void> {
  const body = ids.map((id) => `${JSON.stringify({ id, adventurer: 'Brida', gold: 5 })}\n`).join('');
  const response = await fetch(`http://${program.host}:${program.port}/messages`, { method: 'POST', body });
  const text = await response.text();
  if (text.split('"confirmed"').length - 1 !== ids.length) throw new Error(`not all confirmed: ${text.slice(0, 200)}`);
}

async function measureConsuming(target: InjectedTarget, { env, sql }: Place, prefetch: number, count: number) {
  await using _ = await startProgram({ target, env: { ...env, ROLE: 'worker', PREFETCH: String(prefetch) } });
  // By the clock of the database: the first effects come before the program is known to be ready.
  await ledgerHolds(sql, count + QUEUE_BENCH.warmUp);
  const { rows } = await sql.query<{ s: string }>(
    'SELECT extract(epoch FROM max(paid_at) - min(paid_at)) AS s FROM ledger',
  );
  return (count + QUEUE_BENCH.warmUp) / Number(rows[0]?.s);
}

async function measureToEffect(target: InjectedTarget, { env, sql }: Place, prefetch: number): Promise<Distribution> {
  await using program = await startProgram({ target, env: { ...env, PREFETCH: String(prefetch) } });
  const sentAt = new Map<string, number>();
  const pending: Promise<void>[] = [];
  const begun = performance.now();
  for (let i = 0; i < QUEUE_BENCH.latencyMessages; i += 1) {
    const waitMs = begun + i * QUEUE_BENCH.latencyEveryMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    sentAt.set(`late-${i}`, performance.timeOrigin + performance.now());
    pending.push(publish(program, [`late-${i}`]));
  }
  await Promise.all(pending);
  await ledgerHolds(sql, QUEUE_BENCH.latencyMessages);
  const { rows } = await sql.query<{ id: string; ms: string }>(
    'SELECT message_id AS id, extract(epoch FROM paid_at) * 1000 AS ms FROM ledger',
  );
  const values = rows.map(({ id, ms }) => Math.max(0, Number(ms) - (sentAt.get(id) ?? 0)));
  return distributionOf(values, { unit: 'ms', binWidth: 1 });
}

async function ledgerHolds(sql: pg.Client, count: number): Promise<void> {
  await pollUntil(
    async () => (await sql.query<{ n: number }>('SELECT count(*)::integer AS n FROM ledger')).rows[0]?.n ?? 0,
    (n) => n >= count,
    { withinMs: DONE_WITHIN_MS, everyMs: 25, otherwise: (n) => new Error(`${n} of ${count} effects`) },
  );
}

/** Messages a second, of each round. */
interface Figures {
  readonly published: number[];
  readonly consumed: number[];
}

function medians({ published, consumed }: Figures) {
  return { publishedPerSecond: Math.round(median(published)), consumedPerSecond: Math.round(median(consumed)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A table for a terminal, with the parameters above it. */
export function formatQueueBench({ parameters, rows, share, missing, machine }: QueueBenchResult): string {
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const cells = rows.map(({ who, against, prefetch, publishedPerSecond, consumedPerSecond, toEffect }) => [
    who,
    against,
    String(prefetch),
    publishedPerSecond.toLocaleString('en'),
    consumedPerSecond?.toLocaleString('en') ?? '',
    toEffect === undefined ? '' : `${toEffect.p50.toFixed(1)} ms`,
    toEffect === undefined ? '' : `${toEffect.p99.toFixed(1)} ms`,
  ]);
  return [
    `${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    `${parameters.messages.toLocaleString('en')} messages a round, medians of ${parameters.rounds} rounds, after ${parameters.warmUp.toLocaleString('en')} to warm up; the emulators ${parameters.messagesElsewhere.toLocaleString('en')}, once`,
    '',
    ...alignColumns([['', 'broker', 'prefetch', 'confirmed/s', 'consumed/s', 'p50', 'p99'], ...cells]),
    '',
    `at prefetch ${COMPARED_AT}: ${percent(share.published)} of plain amqplib behind HTTP publishing, ${percent(share.consumed)} consuming; at least ${percent(LIMIT)} is asked for`,
    ...missing.map((each) => `could not check: ${each}`),
  ].join('\n');
}
