import { inject } from 'vitest';
import type { Database } from '../../harness/database.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import { createTcpProxy, type TcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { createQueuePrefix, type QueuePrefix } from '../../harness/queue-prefix.ts';
import { Drills, type Point } from './drills.ts';
import type { Door } from './exchange.ts';
import { createDatabaseWithRoles } from './own-roles.ts';
import { type Adventurer, register } from './tales.ts';
import { Tap } from './tap.ts';
import type { TownName } from './turns.ts';

export const SERVICES = ['accounts', 'quests', 'rewards'] as const;
export type ServiceName = (typeof SERVICES)[number] | 'gateway';

/** The brief's, and known to us: we ask services as their gateway would. */
export const INTERNAL_SECRET = 'a secret that only the gateway and the checkpoints know';
const UPSTREAM_TIMEOUT_MS = 3_000;
const RESTART_WITHIN_MS = 20_000;
const LISTENING_WITHIN_MS = 5_000;

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** The system under test with all that is its own: database, broker names, a proxy before the broker, drills. */
export class Town implements AsyncDisposable {
  readonly program: Program;
  readonly database: Database;
  readonly broker: TcpProxy;
  readonly tap: Tap;
  readonly drills: Drills;
  readonly #owned: AsyncDisposableStack;
  #resident: Promise<Adventurer> | undefined;
  #services = { length: 0, atMs: 0 };

  private constructor(
    parts: Pick<Town, 'program' | 'database' | 'broker' | 'tap' | 'drills'>,
    owned: AsyncDisposableStack,
  ) {
    this.program = parts.program;
    this.database = parts.database;
    this.broker = parts.broker;
    this.tap = parts.tap;
    this.drills = parts.drills;
    this.#owned = owned;
  }

  static async open(env: Readonly<Record<string, string>> = {}): Promise<Town> {
    await using owned = new AsyncDisposableStack();
    const database = owned.use(await createDatabaseWithRoles());
    const prefix: QueuePrefix = owned.use(createQueuePrefix());
    const tap = owned.use(await Tap.open(prefix));
    const address = new URL(prefix.url);
    const upstream = { host: address.hostname, port: Number(address.port || '5672') };
    const broker = owned.use(await createTcpProxy({ upstream, seed: inject('seed') }));
    address.hostname = broker.host;
    address.port = String(broker.port);
    const drills = owned.use(await Drills.open());
    const program = owned.use(
      await startProgram({
        env: {
          DATABASE_URL: database.url,
          AMQP_URL: address.href,
          AMQP_PREFIX: prefix.prefix,
          INTERNAL_SECRET,
          DRILL_DIR: drills.folder,
          UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
          ...env,
        },
      }),
    );
    return new Town({ program, database, broker, tap, drills }, owned.move());
  }

  /** Where clients knock. */
  get gateway(): Door {
    const { program, tap } = this;
    return {
      host: program.host,
      port: program.port,
      logTail: () => program.logTail(),
      lastSignMs: () => Math.max(tap.lastHeardMs, this.#lastServiceMs()),
    };
  }

  /** When we first saw as many SERVICE lines as there are now. */
  #lastServiceMs(): number {
    const { length } = this.program.stdout;
    if (length !== this.#services.length) this.#services = { length, atMs: performance.now() };
    return this.#services.atMs;
  }

  /** Somebody who has an account, for whoever only needs to be known. Nobody accepts a quest in their name. */
  async resident(): Promise<Adventurer> {
    this.#resident ??= register(this.gateway);
    try {
      return await this.#resident;
    } catch (error) {
      this.#resident = undefined;
      throw error;
    }
  }

  /**
   * Waits until the services listen to the broker. Who has no queue will hear nothing, however long one waits.
   *
   * @throws CheckpointFailure when there is no process, or no queue soon.
   */
  async listening(): Promise<void> {
    for (const name of SERVICES) this.serviceOf(name);
    const missing = async () => {
      const kinds = await Promise.all(SERVICES.map((name) => this.tap.kindOfQueue(name)));
      return SERVICES.find((_, i) => kinds[i] === 'none');
    };
    await pollUntil(missing, (name) => name === undefined, {
      withinMs: LISTENING_WITHIN_MS,
      everyMs: 50,
      otherwise: (name) =>
        new CheckpointFailure({
          expected: `the queue <AMQP_PREFIX>${name}`,
          received: 'no such queue',
          usually: 'nobody declares it, or it has another name than in the brief: events go by unheard',
          details: this.program.logTail(),
        }),
    });
  }

  /** The door of one service, which nobody but the gateway ought to use. */
  doorOf(name: ServiceName): Door {
    const { port } = this.serviceOf(name);
    return { host: '127.0.0.1', port, logTail: () => this.program.logTail() };
  }

  /** All processes that a service has had, the newest last. */
  processesOf(name: ServiceName): ServiceProcess[] {
    const lines = this.program.stdout.matchAll(/^SERVICE (\S+) (\d+) (\d+)\r?$/gm);
    return [...lines]
      .map(([, service = '', pid, port]) => ({ name: service, pid: Number(pid), port: Number(port) }))
      .filter((each) => each.name === name);
  }

  serviceOf(name: ServiceName): ServiceProcess {
    const last = this.processesOf(name).at(-1);
    if (last !== undefined) return last;
    throw new CheckpointFailure({
      expected: `the line "SERVICE ${name} <pid> <port>" on standard output before READY`,
      received: JSON.stringify(this.program.stdout.slice(0, 200)),
      usually: 'there is no such process: the work is still done by one, or its line was not written and flushed',
      details: this.program.logTail(),
    });
  }

  /** SIGKILL to one service. Resolves at once; `restarted` waits for the next process. */
  kill(name: ServiceName): ServiceProcess {
    const victim = this.serviceOf(name);
    signal(victim.pid, 'SIGKILL');
    return victim;
  }

  /** Waits until a service has another process than `old`. */
  async restarted(
    old: ServiceProcess,
    usually = 'nobody watches the process, or the system ends with its first dead service',
  ) {
    await this.program.waitForOutput(
      () => this.serviceOf(old.name as ServiceName).pid !== old.pid,
      RESTART_WITHIN_MS,
      () =>
        new CheckpointFailure({
          sent: `SIGKILL to the process of ${old.name}`,
          expected: `a new process of ${old.name}, and its line "SERVICE ${old.name} <pid> <port>"`,
          received: this.program.ended ? 'the end of the whole system' : 'none',
          usually,
          details: this.program.logTail(),
        }),
    );
  }

  /** The service dies when it passes the point for the nth time from now. */
  async arm(service: ServiceName, point: Point, nth = 1): Promise<void> {
    this.serviceOf(service); // or nobody is there who could die
    await this.drills.arm(service, point, nth);
  }

  /** Waits until a drill has killed whom it is for. */
  async drilled(service: ServiceName, point: Point): Promise<void> {
    await pollUntil(
      () => this.drills.isArmed(service, point),
      (armed) => !armed,
      {
        withinMs: RESTART_WITHIN_MS,
        otherwise: () =>
          new CheckpointFailure({
            sent: `the drill ${service}.${point}`,
            expected: `${service} to pass this point, take the file away and die`,
            received: 'the file is still there',
            usually: 'the drill of the brief is not there, or looked for at another place',
            details: this.program.logTail(),
          }),
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In order: queues can be deleted only when nobody declares them again.
    await this.program.stop();
    await this.#owned.disposeAsync();
  }
}

/** A signal to a process that may have ended by itself. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone.
  }
}

/** Short enough to wait for, long enough for a busy machine to answer in. */
export const BRISK_TIMEOUT_MS = 1_200;

const towns: Partial<Record<TownName, Promise<Town>>> = {};

/** The system that most checkpoints ask. Started anew should it have died, so that only one of them tells of that. */
export function sharedTown(): Promise<Town> {
  return standing('shared', {});
}

/** A second one, for whoever runs beside the first, or needs two. */
export function otherTown(): Promise<Town> {
  return standing('other', {});
}

/** One whose gateway soon gives up on a service. */
export function briskTown(): Promise<Town> {
  return standing('brisk', { UPSTREAM_TIMEOUT_MS: String(BRISK_TIMEOUT_MS) });
}

async function standing(which: TownName, env: Readonly<Record<string, string>>): Promise<Town> {
  const town = await towns[which]?.catch(() => undefined);
  if (town !== undefined && !town.program.ended) return town;
  await town?.[Symbol.asyncDispose]();
  const opened = Town.open(env);
  towns[which] = opened;
  return opened;
}

/** Ends them. The next run of this file may be in the same process. */
export async function closeTowns(): Promise<void> {
  for (const which of ['shared', 'other', 'brisk'] as const) {
    const town = await towns[which]?.catch(() => undefined);
    delete towns[which];
    await town?.[Symbol.asyncDispose]();
  }
}
