import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { releaseGroup, watchGroup } from '../harness/reaper.ts';
import { Unavailable } from '../harness/unavailable.ts';
import { freePort } from './free-port.ts';
import { giveTo } from './home.ts';
import { KITS } from './kits.ts';
import { openFolder, type Place, passwordOf, placeIn } from './place.ts';
import { openPrivateFolder } from './private-folder.ts';
import { endProcess, hasGone, identityOf, type ProcessIdentity, signalProcess } from './process-identity.ts';
import { processTree } from './process-tree.ts';
import { remedyFor } from './remedies.ts';
import type { Berth, Programs, ServerKit } from './server-kit.ts';
import { endServer, retryTakenPorts, runningServer, startServer, tailOf } from './server-process.ts';

export interface PrivateServerOptions {
  /** What is written survives a crash of the machine; slower. Default false: it survives `kill`, as the kernel has it. */
  readonly durable?: boolean;
  /** Settings of the server in its own words, for example `{ max_connections: '5' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: this clone's. */
  readonly place?: Place;
}

/** After SIGKILL the children of a server notice by themselves that it is gone. */
const ORPHANS_DEADLINE_MS = 10_000;

/**
 * A server that belongs to one checkpoint, to be stopped, killed and frozen at will: nobody else uses it. Made by
 * `startPrivatePostgres` and its like; disposal ends it and removes its data. If the run is killed, it goes too.
 */
export class PrivateServer implements AsyncDisposable {
  readonly service: Service;
  /** With the right to do everything. The same after a restart, as the port is. */
  readonly url: string;
  readonly #kit: ServerKit;
  readonly #berth: Berth;
  readonly #programs: Programs;
  #watched: number[] = [];
  #frozen: ProcessIdentity[] = [];

  private constructor(kit: ServerKit, berth: Berth, programs: Programs) {
    this.service = kit.service;
    this.url = kit.urlOf(berth);
    this.#kit = kit;
    this.#berth = berth;
    this.#programs = programs;
  }

  /**
   * @throws Unavailable when its programs are not on this machine. Nothing is downloaded for it: the shared server of the
   *   same service, which comes first, has brought them.
   */
  static async start(service: Service, options: PrivateServerOptions = {}): Promise<PrivateServer> {
    const { durable = false, settings = {}, place = placeIn() } = options;
    const kit = KITS[service];
    const { folder, home } = openPrivateFolder(place, service);
    try {
      const programs = await kit.locate(place, home);
      if (!programs) {
        const reason = `a ${service} server of the checkpoint's own is needed, and its programs are not on this machine`;
        throw new Unavailable({ missing: service, reason, remedy: remedyFor(service) });
      }
      const data = openFolder(folder, 'data');
      await giveTo(data, place.user);
      return await retryTakenPorts(async () => {
        const port = await freePort();
        const berth = { folder, data, user: place.user, port, password: passwordOf(place), durable, settings };
        await kit.prepare(berth, programs, place, home);
        const server = new PrivateServer(kit, berth, programs);
        await startServer(kit, berth, programs, (pid) => server.#guard(pid));
        return server;
      });
    } catch (error) {
      await endServer({ ...kit, stopSignal: 'SIGKILL' }, folder);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get port(): number {
    return this.#berth.port;
  }

  /** Of the server's first process; 0 while it does not run. */
  get pid(): number {
    return runningServer(this.#berth.folder)?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.pid !== 0;
  }

  /** Starts it again, on the same data and the same port. Resolves when it answers. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    await retryTakenPorts(() => startServer(this.#kit, this.#berth, this.#programs, (pid) => this.#guard(pid)));
  }

  /** Ends it in order, so that what it holds in memory is written. */
  async stop(): Promise<void> {
    this.thaw();
    await endServer(this.#kit, this.#berth.folder);
    this.#release();
  }

  /** SIGKILL, as the kernel does when memory runs out. Resolves when nothing of it is left. */
  async kill(): Promise<void> {
    const tree = this.#tree();
    await endServer({ ...this.#kit, stopSignal: 'SIGKILL' }, this.#berth.folder);
    // Frozen children would never notice that they are orphans.
    this.thaw();
    for (const child of tree) {
      if (!(await hasGone(child, ORPHANS_DEADLINE_MS))) await endProcess(child, { signal: 'SIGKILL' });
    }
    this.#release();
  }

  /** `stop`, then `start`. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGSTOP to all its processes: connections stay open, new ones are accepted by the kernel, and nothing answers. */
  freeze(): void {
    this.#frozen = this.#tree();
    // If the run is killed now, what is stopped could not end by itself.
    for (const { pid } of this.#frozen) this.#guard(pid);
    for (const each of this.#frozen) signalProcess(each, 'SIGSTOP');
  }

  /** SIGCONT to what was frozen. */
  thaw(): void {
    for (const each of this.#frozen.toReversed()) signalProcess(each, 'SIGCONT');
    this.#frozen = [];
  }

  /** The last lines of its log, for the details of a failure. */
  logTail(lines?: number): string[] {
    return tailOf(join(this.#berth.folder, 'server.log'), lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#berth.folder, { recursive: true, force: true });
  }

  #tree(): ProcessIdentity[] {
    const { pid } = this;
    if (pid === 0) return [];
    return processTree(pid).flatMap((each) => identityOf(each) ?? []);
  }

  /** Leaders of groups of their own, as PostgreSQL's children and all that we start are, are what the reaper kills. */
  #guard(pid: number): void {
    watchGroup(pid);
    this.#watched.push(pid);
  }

  #release(): void {
    for (const pid of this.#watched) releaseGroup(pid);
    this.#watched = [];
  }
}

/** A PostgreSQL of the checkpoint's own; less than half a second after the first one on this machine. */
export function startPrivatePostgres(options?: PrivateServerOptions): Promise<PrivateServer> {
  return PrivateServer.start('postgresql', options);
}

/** A Redis of the checkpoint's own. Without `durable`, `kill` loses its keys. */
export function startPrivateRedis(options?: PrivateServerOptions): Promise<PrivateServer> {
  return PrivateServer.start('redis', options);
}

/** A RabbitMQ of the checkpoint's own; it needs some seconds to start. */
export function startPrivateRabbitmq(options?: PrivateServerOptions): Promise<PrivateServer> {
  return PrivateServer.start('rabbitmq', options);
}
