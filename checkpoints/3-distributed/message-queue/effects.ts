import pg from 'pg';
import { deadlineMs, pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import type { Tavern } from './tavern.ts';

/** Far more than an effect takes, and short enough to be waited for by whoever is still missing it. */
const PAID_WITHIN_MS = 7_000;
const HELD = 42;
const MANY = 500;

/** The ids in the ledger, in the order of their effects. */
export async function paid(tavern: Tavern): Promise<string[]> {
  const { rows } = await tavern.sql.query<{ message_id: string }>('SELECT message_id FROM ledger ORDER BY entry');
  return rows.map((row) => row.message_id);
}

export interface PaidText {
  readonly sent?: string;
  /** Default: their number, or their name. */
  readonly expected?: string;
  readonly usually: string;
  readonly program?: Program | undefined;
  readonly withinMs?: number;
  /** Give up when nothing has come for so long. Default: wait to the end. */
  readonly stillMs?: number;
}

/** Waits until each of these ids has had its effect. What else is in the ledger is not looked at. */
export async function expectPaid(tavern: Tavern, ids: readonly string[], text: PaidText): Promise<void> {
  const { withinMs = PAID_WITHIN_MS, stillMs = Number.POSITIVE_INFINITY, program, usually } = text;
  const since = performance.now();
  const reader = new LedgerReader(tavern, ids.length);
  const otherwise = (ledger: readonly string[]): CheckpointFailure => {
    const there = new Set(ledger);
    const missing = ids.filter((id) => !there.has(id));
    const waitedMs = Math.round(performance.now() - since).toLocaleString('en');
    return new CheckpointFailure({
      ...(text.sent === undefined ? {} : { sent: text.sent }),
      expected:
        text.expected ?? (ids.length === 1 ? `the effect of ${ids[0]}` : `the effects of ${ids.length} messages`),
      received: ids.length === 1 ? 'none' : 'some are missing',
      usually,
      details: [
        `missing after ${waitedMs} ms: ${missing.slice(0, 5).join(', ')} (${missing.length} of ${ids.length})`,
        ...(program?.logTail() ?? []),
      ],
    });
  };
  await pollUntil(
    async () => {
      // Asked first, so that what it did before its end is seen.
      const hasEnded = program?.ended ?? false;
      const ledger = await reader.read();
      const isOver = hasEnded || reader.stillMs() > deadlineMs(stillMs);
      if (isOver && !holdsAll(ledger, ids)) throw otherwise(ledger);
      return ledger;
    },
    (ledger) => holdsAll(ledger, ids),
    { withinMs, everyMs: 25, otherwise },
  );
}

function holdsAll(ledger: readonly string[], ids: readonly string[]): boolean {
  if (ledger.length < ids.length) return false;
  const there = new Set(ledger);
  return ids.every((id) => there.has(id));
}

/** Reads the ledger again and again. While a long one still grows, it is only counted: to read it would slow it down. */
class LedgerReader {
  readonly #tavern: Tavern;
  readonly #wanted: number;
  #counted = -1;
  #grewAt = performance.now();

  constructor(tavern: Tavern, wanted: number) {
    this.#tavern = tavern;
    this.#wanted = wanted;
  }

  async read(): Promise<string[]> {
    if (this.#wanted > MANY) {
      const { rows } = await this.#tavern.sql.query<{ n: number }>('SELECT count(*)::integer AS n FROM ledger');
      const counted = rows[0]?.n ?? 0;
      const grows = counted < this.#wanted && counted !== this.#counted;
      if (counted !== this.#counted) this.#grewAt = performance.now();
      this.#counted = counted;
      if (grows) return [];
    }
    return paid(this.#tavern);
  }

  /** How long a long ledger has not grown. A short one is not watched for that. */
  stillMs(): number {
    return this.#wanted > MANY ? performance.now() - this.#grewAt : 0;
  }
}

/** Fails unless the ledger holds exactly these, each once, in this order where `ordered`. */
export async function expectExactly(
  tavern: Tavern,
  ids: readonly string[],
  text: { readonly sent: string; readonly usually: string; readonly ordered?: boolean },
): Promise<void> {
  const ledger = await paid(tavern);
  const told = (list: readonly string[]) => (text.ordered ? list : list.toSorted()).join(', ');
  if (told(ledger) === told(ids)) return;
  fail({
    sent: text.sent,
    expected: `in the ledger: ${told(ids)}`,
    received: ledger.length === 0 ? 'an empty ledger' : told(ledger),
    usually: text.usually,
  });
}

/** Effects of adventurers whose name begins with `Held` wait in their transaction until this is disposed, or released. */
export interface Hold extends AsyncDisposable {
  release(): Promise<void>;
  /** Waits until so many effects wait here. */
  reached(count: number, usually: string): Promise<void>;
}

export async function holdEffects(tavern: Tavern): Promise<Hold> {
  return holdBy(tavern, `SELECT pg_advisory_lock(${HELD})`);
}

/** Whoever writes into the table waits until this is released. */
export async function holdTable(tavern: Tavern, table: 'inbox' | 'ledger'): Promise<Hold> {
  return holdBy(tavern, `LOCK TABLE ${table} IN EXCLUSIVE MODE`);
}

async function holdBy(tavern: Tavern, statement: string): Promise<Hold> {
  const client = new pg.Client({ connectionString: tavern.database.url });
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  let open = true;
  const release = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await client.end().catch(() => {});
  };
  return {
    release,
    reached: async (count, usually) => {
      await pollUntil(
        () => waiting(tavern),
        (n) => n >= count,
        {
          withinMs: PAID_WITHIN_MS,
          otherwise: (n) =>
            new CheckpointFailure({
              expected: `${count} ${count === 1 ? 'effect' : 'effects'} under way`,
              received: String(n),
              usually,
            }),
        },
      );
    },
    [Symbol.asyncDispose]: release,
  };
}

async function waiting({ sql }: Tavern): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
  );
  return rows[0]?.n ?? 0;
}

/** What a worker that is killed leaves in the database is ended at once, as the end of its machine would. */
export async function endSessionsOf({ sql }: Tavern, limit = 1_000): Promise<void> {
  await sql.query(
    `SELECT pg_terminate_backend(pid) FROM
     (SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid() LIMIT $1) AS waiting`,
    [limit],
  );
}

/** Each effect for the adventurer fails from now on. */
export async function curse({ sql }: Tavern, ...adventurers: readonly string[]): Promise<void> {
  for (const adventurer of adventurers) await sql.query('INSERT INTO curse VALUES ($1)', [adventurer]);
}

export async function liftCurse({ sql }: Tavern, adventurer: string): Promise<void> {
  await sql.query('DELETE FROM curse WHERE adventurer = $1', [adventurer]);
}

/** How many effects have failed by a curse. */
export async function attempts({ sql }: Tavern): Promise<number> {
  const { rows } = await sql.query<{ n: number }>('SELECT last_value::integer AS n FROM attempts');
  return rows[0]?.n ?? 0;
}

/** When the first of them did, up to nine, in milliseconds. */
export async function attemptTimes({ sql }: Tavern, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 1; i <= Math.min(count, 9); i += 1) {
    const { rows } = await sql.query<{ t: string }>(`SELECT last_value AS t FROM attempt_${i}`);
    times.push(Number(rows[0]?.t));
  }
  return times;
}

export async function expectAttempts(tavern: Tavern, count: number, usually: string): Promise<void> {
  await pollUntil(
    () => attempts(tavern),
    (n) => n >= count,
    {
      withinMs: PAID_WITHIN_MS,
      otherwise: (n) => new CheckpointFailure({ expected: `${count} attempts`, received: String(n), usually }),
    },
  );
}
