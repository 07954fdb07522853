import type { ClientBase } from 'pg';

/** One attempt to take a place of a quest: what became of it. */
export type Attempt = 'done' | 'conflict';

/** A way to read a row, think about it, and write what follows from it. */
export interface Strategy {
  readonly name: 'unguarded' | 'optimistic' | 'pessimistic' | 'serializable';
  /** Adds one to the `taken` of quest `id`. `think` is what the application does between reading and writing. */
  attempt(client: ClientBase, id: number, think: () => Promise<void>): Promise<Attempt>;
}

/** PostgreSQL's `serialization_failure` and `deadlock_detected`: the transaction had no effect and may be repeated. */
const REPEATABLE = new Set(['40001', '40P01']);

interface Row {
  readonly taken: number;
  readonly version: number;
}

const SELECT = 'SELECT taken, version FROM quest WHERE id = $1';

/** Reads, thinks and writes, and nobody checks what happened in between: the lost update itself. */
const unguarded: Strategy = {
  name: 'unguarded',
  async attempt(client, id, think) {
    const { taken } = await readRow(client, SELECT, id);
    await think();
    await client.query('UPDATE quest SET taken = $2 WHERE id = $1', [id, taken + 1]);
    return 'done';
  },
};

/** No transaction is open while the application thinks: the write says which version it is based on. */
const optimistic: Strategy = {
  name: 'optimistic',
  async attempt(client, id, think) {
    const { taken, version } = await readRow(client, SELECT, id);
    await think();
    const { rowCount } = await client.query(
      'UPDATE quest SET taken = $2, version = version + 1 WHERE id = $1 AND version = $3',
      [id, taken + 1, version],
    );
    return rowCount === 1 ? 'done' : 'conflict';
  },
};

/** The row is locked from the read on. Nothing is ever repeated; everybody else waits. */
const pessimistic: Strategy = {
  name: 'pessimistic',
  attempt: (client, id, think) => inTransaction(client, 'READ COMMITTED', id, `${SELECT} FOR UPDATE`, think),
};

/** The database finds out by itself whether a serial order exists, and refuses one of those for which there is none. */
const serializable: Strategy = {
  name: 'serializable',
  attempt: (client, id, think) => inTransaction(client, 'SERIALIZABLE', id, SELECT, think),
};

export const STRATEGIES: readonly Strategy[] = [unguarded, optimistic, pessimistic, serializable];

async function inTransaction(
  client: ClientBase,
  level: 'READ COMMITTED' | 'SERIALIZABLE',
  id: number,
  select: string,
  think: () => Promise<void>,
): Promise<Attempt> {
  await client.query(`BEGIN ISOLATION LEVEL ${level}`);
  try {
    const { taken } = await readRow(client, select, id);
    await think();
    await client.query('UPDATE quest SET taken = $2 WHERE id = $1', [id, taken + 1]);
    await client.query('COMMIT');
    return 'done';
  } catch (error) {
    await client.query('ROLLBACK');
    if (REPEATABLE.has((error as { code?: string }).code ?? '')) return 'conflict';
    throw error;
  }
}

async function readRow(client: ClientBase, select: string, id: number): Promise<Row> {
  const { rows } = await client.query<Row>(select, [id]);
  const [row] = rows;
  if (!row) throw new Error(`quest ${id} is gone: something else uses this database`);
  return row;
}
