import pg from 'pg';
import { createDatabase, type Database } from '../../harness/database.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { createQueuePrefix } from '../../harness/queue-prefix.ts';
import { serviceAddress } from '../../harness/service.ts';
import { Broker } from './broker.ts';

/** The two tables of the brief, and what lets a checkpoint hold an effect back, or make it fail. */
const SCHEMA = `
  CREATE TABLE inbox (message_id text PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE ledger (entry bigserial PRIMARY KEY, message_id text NOT NULL, adventurer text NOT NULL, gold integer NOT NULL);
  CREATE TABLE curse (adventurer text PRIMARY KEY);
  CREATE SEQUENCE attempts MINVALUE 0 START 0;
  CREATE TABLE attempt_times (name text);
  CREATE FUNCTION before_effect() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE n bigint;
  BEGIN
    IF EXISTS (SELECT FROM curse WHERE adventurer = NEW.adventurer) THEN
      -- What a sequence is told outlives the rollback.
      n := nextval('attempts');
      IF n BETWEEN 1 AND 9 THEN PERFORM setval('attempt_' || n, (extract(epoch FROM clock_timestamp()) * 1000)::bigint); END IF;
      RAISE EXCEPTION 'the purse of % is cursed', NEW.adventurer;
    END IF;
    IF NEW.adventurer LIKE 'Held%' THEN PERFORM pg_advisory_xact_lock_shared(42); END IF;
    NEW.entry := nextval('ledger_entry_seq');
    RETURN NEW;
  END $$;
  CREATE TRIGGER before_effect BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION before_effect();
  DO $$ BEGIN FOR i IN 1..9 LOOP EXECUTE 'CREATE SEQUENCE attempt_' || i; END LOOP; END $$;
  SELECT nextval('attempts');
`;
const CONNECT_TIMEOUT_MS = 10_000;

export type Env = Readonly<Record<string, string>>;

export interface TavernOptions {
  /** Added to the environment of each program. */
  readonly env?: Env;
  /** Another broker than the shared RabbitMQ: what a program needs to find it. */
  readonly broker?: { readonly env: Env; readonly queue: string };
  /** Another RabbitMQ than the shared one. */
  readonly amqpUrl?: string;
  /** Another PostgreSQL than the shared one. */
  readonly databaseServer?: string;
}

/** One checkpoint's own database, names on the broker, and programs. Disposal ends and removes all of it. */
export class Tavern implements AsyncDisposable {
  readonly database: Database;
  readonly sql: pg.Client;
  /** What the checkpoint itself sees of RabbitMQ. Of no use where the broker is another one. */
  readonly rabbit: Broker;
  readonly #env: Env;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: {
    database: Database;
    sql: pg.Client;
    rabbit: Broker;
    env: Env;
    stack: AsyncDisposableStack;
  }) {
    this.database = parts.database;
    this.sql = parts.sql;
    this.rabbit = parts.rabbit;
    this.#env = parts.env;
    this.#stack = parts.stack;
  }

  static async open(options: TavernOptions = {}): Promise<Tavern> {
    await using stack = new AsyncDisposableStack();
    const { amqpUrl = serviceAddress('rabbitmq'), databaseServer = serviceAddress('postgresql'), broker } = options;
    const database = await createDatabase({ address: databaseServer });
    // A server that a checkpoint has killed takes what is in it along.
    const isOwn = options.databaseServer !== undefined || options.amqpUrl !== undefined;
    const leave = async (disposable: AsyncDisposable): Promise<void> => {
      try {
        await disposable[Symbol.asyncDispose]();
      } catch (error) {
        if (!isOwn) throw error;
      }
    };
    stack.defer(() => leave(database));
    const sql = new pg.Client({ connectionString: database.url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    // Checkpoints that kill the server lose this connection, too; they open another one.
    sql.on('error', () => {});
    stack.defer(() => sql.end().catch(() => {}));
    await sql.connect();
    await sql.query(SCHEMA);
    const prefix = createQueuePrefix(amqpUrl);
    stack.defer(() => leave(prefix));
    const rabbit = new Broker(prefix, options.env?.RETRY_DELAY_MS ?? '1000');
    stack.defer(() => rabbit.close());
    const found = broker?.env ?? { BROKER: 'rabbitmq', AMQP_URL: amqpUrl };
    const queue = broker?.queue ?? rabbit.name;
    const env = { DATABASE_URL: database.url, QUEUE: queue, ...found, ...options.env };
    return new Tavern({ database, sql, rabbit, env, stack: stack.move() });
  }

  /** Starts a program of the lab and waits until it is ready. */
  async start(env: Env = {}): Promise<Program> {
    return this.#stack.use(await startProgram({ env: this.environment(env) }));
  }

  environment(env: Env = {}): Env {
    return { ...this.#env, ...env };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
