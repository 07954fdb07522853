import { entityTag, type Precondition } from './conditional.ts';
import type { ListIdentity, Position } from './cursor.ts';
import type { Queryable, Store } from './database.ts';
import { notFound, Problem } from './problem.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What distinguishes one collection from another. All names in it are ours, and safe to put into SQL. */
export interface CollectionPlan {
  readonly name: 'Character' | 'Quest';
  readonly path: string;
  readonly table: string;
  /** Column of each field that a client sets. */
  readonly columns: Readonly<Record<string, string>>;
  /** Column of each order of the list; the first is the default. */
  readonly sorts: Readonly<Record<string, string>>;
  /** Fields that are instants. */
  readonly instants?: readonly string[];
  /** Called inside a write of `fields` to `id`; throws what forbids it. */
  readonly guard?: (client: Queryable, id: string, fields: Fields) => Promise<void>;
}

/** A row, as the API shows it, and its version, which only the entity tag shows. */
export interface Stored {
  readonly representation: Fields & { readonly id: string };
  readonly tag: string;
}

type Row = Fields & { readonly id: string; readonly version: number };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id that is none belongs to no row. Asked of the database, it would be an error there. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** The rows of one table: create, read, write if unchanged, delete, page through. */
export class Collection {
  readonly plan: CollectionPlan;
  readonly #database: Store;
  readonly #selection: string;

  constructor(plan: CollectionPlan, database: Store) {
    this.plan = plan;
    this.#database = database;
    const fields = Object.entries({ ...plan.columns, createdAt: 'created_at', updatedAt: 'updated_at' });
    this.#selection = ['id', ...fields.map(([field, column]) => `${column} AS "${field}"`), 'version'].join(', ');
  }

  /** @param client where the insertion is a part of a transaction. */
  async create(fields: Fields, client: Queryable = this.#database): Promise<Stored> {
    const { table, columns } = this.plan;
    const names = Object.values(columns);
    // Values are parameters, always: whatever they hold, they are never read as SQL.
    const places = names.map((_, i) => `$${i + 1}`);
    const rows = await client.query<Row>(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')}) RETURNING ${this.#selection}`,
      this.#valuesOf(fields),
    );
    return stored(rows[0]);
  }

  /** @throws Problem 404 */
  async read(id: string): Promise<Stored> {
    return stored(await this.#select(this.#database, id));
  }

  // #region write
  /**
   * Writes what `change` makes of the fields that are there, if `precondition` holds for them. Read, compare and write
   * are one transaction with the row locked, so nobody else writes between.
   *
   * @throws Problem 404, 412
   */
  async write(id: string, precondition: Precondition, change: (current: Fields) => Fields): Promise<Stored> {
    const { table, columns, guard } = this.plan;
    return this.#database.transaction(async (client) => {
      const current = await this.#select(client, id, 'FOR NO KEY UPDATE');
      requireThat(precondition, stored(current));
      const fields = change(current);
      await guard?.(client, id, fields);
      const assignments = Object.values(columns).map((column, i) => `${column} = $${i + 2}`);
      const rows = await client.query<Row>(
        `UPDATE ${table} SET ${assignments.join(', ')}, version = version + 1, updated_at = now()
         WHERE id = $1 RETURNING ${this.#selection}`,
        [id, ...this.#valuesOf(fields)],
      );
      return stored(rows[0]);
    });
  }
  // #endregion write

  /** @throws Problem 404, 412 */
  async remove(id: string, precondition: Precondition): Promise<void> {
    await this.#database.transaction(async (client) => {
      requireThat(precondition, stored(await this.#select(client, id, 'FOR UPDATE')));
      await client.query(`DELETE FROM ${this.plan.table} WHERE id = $1`, [id]);
    });
  }

  // #region page
  /**
   * At most `limit` rows that come after `after`, in the order of the list. A page begins behind a row, not at a number:
   * rows that come or go before it move nothing. Where values are equal, the id decides, or rows would be skipped.
   */
  async page(
    { sort, guild }: Omit<ListIdentity, 'path'>,
    limit: number,
    after: Position | undefined,
  ): Promise<{ readonly items: readonly Fields[]; readonly next: Position | undefined }> {
    const column = this.plan.sorts[sort];
    if (column === undefined) throw new Error(`no such order: ${sort}`);
    const values: unknown[] = [limit + 1]; // one more, to know whether there is a next page
    const place = (value: unknown) => `$${values.push(value)}`;
    const conditions = [
      ...(guild === undefined ? [] : [`guild = ${place(guild)}`]),
      ...(after === undefined ? [] : [`(${column}, id) > (${place(after.value)}, ${place(after.id)})`]),
    ];
    const rows = await this.#database.query<Row>(
      `SELECT ${this.#selection} FROM ${this.plan.table}
       ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} ORDER BY ${column}, id LIMIT $1`,
      values,
    );
    const items = rows.slice(0, limit).map((row) => stored(row).representation);
    const last = items.at(-1);
    const next = rows.length > limit && last ? { value: last[sort] as string | number, id: last.id } : undefined;
    return { items, next };
  }
  // #endregion page

  async #select(client: Queryable, id: string, lock = ''): Promise<Row> {
    if (!isId(id)) throw notFound();
    const sql = `SELECT ${this.#selection} FROM ${this.plan.table} WHERE id = $1 ${lock}`;
    const [row] = await client.query<Row>(sql, [id]);
    if (row === undefined) throw notFound();
    return row;
  }

  #valuesOf(fields: Fields): unknown[] {
    return Object.keys(this.plan.columns).map((field) => {
      const value = fields[field];
      // RFC 3339 knows offsets up to 23:59, PostgreSQL up to 15:59: the instant is what counts.
      return typeof value === 'string' && this.plan.instants?.includes(field) ? new Date(value) : value;
    });
  }
}

function stored(row: Row | undefined): Stored {
  if (row === undefined) throw new Error('a statement that returns a row returned none');
  const { version, ...representation } = row;
  return { representation, tag: entityTag(version) };
}

function requireThat(precondition: Precondition, { tag }: Stored): void {
  if (precondition(tag)) return;
  throw new Problem('precondition-failed', 'Somebody else has changed it. Read it again, and decide anew.', {
    headers: { ETag: tag },
  });
}
