import type { Service } from '../../labs/course-schema.ts';
import type { ServiceAddresses } from '../harness/service.ts';
import { askOnTerminal } from './consent.ts';
import type { Consent } from './debian-packages.ts';
import { keepInUse } from './idle.ts';
import { type Launched, launch } from './launch.ts';
import { ownSeemsUp } from './own-instance.ts';
import { type Place, placeIn } from './place.ts';

/** Where the services are, or why one is not to be had on this machine and how to get it. */
export type EnsuredServices =
  | { readonly ok: true; readonly addresses: ServiceAddresses }
  | { readonly ok: false; readonly missing: Service; readonly reason: string; readonly remedy: string };

export interface EnsureOptions {
  /** Told what is being waited for, each time that changes. */
  readonly onProgress?: (service: Service, text: string) => void;
  /** Asks whether packages may be fetched into the clone's cache. Default: a question on the terminal, if there is one. */
  readonly consent?: Consent;
  /** Default: this clone's. */
  readonly place?: Place;
}

interface Known {
  readonly launched: Promise<Launched>;
  readonly atMs: number;
}

/** What could not be had is asked for again after that long, so that a session that goes on sees it mended. */
const REFUSAL_HOLDS_MS = 30_000;

const known = new Map<string, Known>();

/**
 * Finds or starts each of the services, all at once. Asked again, this process answers at once, as long as what it found
 * still runs. Servers of ours are left running for the next run; when nobody has used them for a while, they stop.
 */
export async function ensureServices(names: readonly Service[], options: EnsureOptions = {}): Promise<EnsuredServices> {
  const place = options.place ?? placeIn();
  // The slowest first.
  const unique = [...new Set(names)].sort((a, b) => WEIGHT[b] - WEIGHT[a]);
  const launched = new Map(
    await Promise.all(unique.map(async (name) => [name, await launchOnce(place, name, options)] as const)),
  );
  const addresses: { -readonly [S in Service]?: string } = {};
  let own = false;
  for (const name of names) {
    const found = launched.get(name);
    if (!found?.ok) {
      const { reason = '', remedy = '' } = found ?? {};
      return { ok: false, missing: name, reason, remedy };
    }
    addresses[name] = found.url;
    own ||= found.own;
  }
  if (own) await keepInUse(place);
  return { ok: true, addresses };
}

const WEIGHT: Readonly<Record<Service, number>> = { rabbitmq: 2, postgresql: 1, redis: 0 };

async function launchOnce(place: Place, name: Service, options: EnsureOptions): Promise<Launched> {
  const key = `${place.folder} ${name}`;
  const before = known.get(key);
  if (before) {
    const found = await before.launched;
    const holds = found.ok
      ? !found.own || ownSeemsUp(place, name)?.url === found.url
      : performance.now() - before.atMs < REFUSAL_HOLDS_MS;
    if (holds) return found;
    // Another caller may have noticed at the same time.
    if (known.get(key) !== before) return launchOnce(place, name, options);
  }
  const { onProgress, consent = askOnTerminal() } = options;
  const launched = launch(place, name, {
    consent,
    ...(onProgress ? { onProgress: (text: string) => onProgress(name, text) } : {}),
  });
  known.set(key, { launched, atMs: performance.now() });
  launched.catch(() => known.delete(key));
  return launched;
}
