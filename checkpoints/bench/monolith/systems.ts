import { dirname, join } from 'node:path';
import { createDatabaseWithRoles } from '../../3-distributed/microservices/own-roles.ts';
import type { Database } from '../../harness/database.ts';
import { createTcpProxy, type TcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { createQueuePrefix } from '../../harness/queue-prefix.ts';

export type SystemName = 'monolith' | 'split';

export interface Addresses {
  readonly postgresql: string;
  readonly rabbitmq: string;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
}

const LAB = join(import.meta.dirname, '../../../labs/3-distributed/microservices');
const SERVERS: Readonly<Record<SystemName, string>> = {
  monolith: join(LAB, 'starter/monolith/server.ts'),
  split: join(LAB, 'solution/server.ts'),
};
/** The queues of the split, which go with its prefix. */
const QUEUES = ['accounts', 'quests', 'rewards', 'parked'];
const PROXY_SEED = 1;

interface Parts {
  readonly name: SystemName;
  readonly database: Database;
  readonly env: Readonly<Record<string, string>>;
  /** Before the database and the broker, for outages. Without them, systems are connected directly. */
  readonly proxies: { readonly database: TcpProxy; readonly broker: TcpProxy } | undefined;
  readonly owned: AsyncDisposableStack;
}

/** One of the two Taverns, with a database and names at the broker of its own. It can be started more than once. */
export class System implements AsyncDisposable {
  readonly name: SystemName;
  readonly database: Database;
  readonly proxies: Parts['proxies'];
  readonly #env: Readonly<Record<string, string>>;
  readonly #owned: AsyncDisposableStack;
  #program: Program | undefined;

  private constructor({ name, database, env, proxies, owned }: Parts) {
    this.name = name;
    this.database = database;
    this.proxies = proxies;
    this.#env = env;
    this.#owned = owned;
  }

  static async open(name: SystemName, addresses: Addresses, { proxied = false } = {}): Promise<System> {
    await using owned = new AsyncDisposableStack();
    const database = owned.use(await createDatabaseWithRoles(addresses.postgresql));
    const prefix = owned.use(createQueuePrefix(addresses.rabbitmq));
    prefix.exchange('tavern');
    for (const queue of QUEUES) prefix.queue(queue);
    const proxies = proxied
      ? { database: owned.use(await proxyOf(database.url)), broker: owned.use(await proxyOf(prefix.url)) }
      : undefined;
    const env = {
      DATABASE_URL: through(database.url, proxies?.database),
      AMQP_URL: through(prefix.url, proxies?.broker),
      AMQP_PREFIX: prefix.prefix,
    };
    return new System({ name, database, env, proxies, owned: owned.move() });
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error(`${this.name} was not started`);
    return this.#program;
  }

  get origin(): string {
    return `http://${this.program.host}:${this.program.port}`;
  }

  /** @returns how many milliseconds went by until it served. */
  async start(): Promise<number> {
    const file = SERVERS[this.name];
    const target = { kind: 'program' as const, name: this.name, command: [process.execPath, file], cwd: dirname(file) };
    const begun = performance.now();
    this.#program = await startProgram({ target: { ...target, env: {} }, env: this.#env });
    return performance.now() - begun;
  }

  /** The processes that run now, the first one included. */
  processes(): RunningProcess[] {
    const newest = new Map<string, number>([['first', this.program.pid]]);
    for (const [, name = '', pid] of this.program.stdout.matchAll(/^SERVICE (\S+) (\d+) \d+$/gm)) {
      newest.set(name, Number(pid));
    }
    return [...newest].map(([name, pid]) => ({ name, pid }));
  }

  pidOf(name: string): number {
    const found = this.processes().find((each) => each.name === name);
    if (found === undefined) throw new Error(`${this.name} has no process ${name}`);
    return found.pid;
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(); // first: queues can be deleted only when nobody declares them again
    await this.#owned.disposeAsync();
  }
}

async function proxyOf(url: string): Promise<TcpProxy> {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol.startsWith('amqp') ? 5672 : 5432;
  return createTcpProxy({ upstream: { host: hostname, port: Number(port) || usual }, seed: PROXY_SEED });
}

function through(url: string, proxy: TcpProxy | undefined): string {
  if (proxy === undefined) return url;
  const address = new URL(url);
  address.hostname = proxy.host;
  address.port = String(proxy.port);
  return address.href;
}
