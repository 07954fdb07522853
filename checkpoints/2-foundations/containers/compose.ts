import { parse } from 'yaml';
import { fail } from '../../harness/failure.ts';
import { durationMs } from './dockerfile.ts';
import { expand } from './variables.ts';

type Data = Readonly<Record<string, unknown>>;

/** One service, whatever syntax it is written in. Texts hold their `${…}` as written. */
export interface Service {
  readonly name: string;
  readonly data: Data;
}

export interface Stack {
  readonly services: readonly Service[];
  /** Names declared at the top level. */
  readonly volumes: readonly string[];
  /** The service that is built from this folder. */
  readonly api: Service;
  /** The service of a PostgreSQL image. */
  readonly database: Service;
}

export interface PublishedPort {
  /** Empty: every address of the machine. */
  readonly hostIp: string;
  readonly text: string;
}

export interface Mount {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'other';
  /** Undefined: an anonymous volume. */
  readonly source: string | undefined;
  readonly target: string;
}

/** Reads a Compose file: anchors, merge keys and `extends` within the file are resolved. */
export function parseCompose(text: string, file: string): Stack {
  let document: unknown;
  try {
    document = parse(text, { merge: true });
  } catch (error) {
    fail({
      expected: `${file} to be YAML`,
      received: (error as Error).message.split('\n')[0] ?? '',
      usually: 'an indentation is off, or a value with a colon lacks its quotes',
    });
  }
  const top = record(document);
  const all = record(top.services);
  const services = Object.keys(all).map((name) => ({ name, data: extended(name, all, new Set()) }));
  // What others extend is a model, and no part of the stack that is judged.
  const models = new Set(Object.values(all).map((each) => modelOf(record(each))));
  const real = services.filter(({ name }) => !models.has(name));
  const api = real.find(({ data }) => data.build !== undefined);
  const database = real.find(({ data }) => /(^|[/:-])postgres(ql)?\b/.test(imageOf(data)) && data.build === undefined);
  if (!api || !database) {
    fail({
      expected: `${file} to have a service that is built from this folder, and one of a PostgreSQL image`,
      received: `the services ${services.map(({ name }) => name).join(', ') || '(none)'}`,
      usually: 'build: is missing at the one, or image: at the other',
    });
  }
  return { services, volumes: Object.keys(record(top.volumes)), api, database };
}

/** A value with every variable replaced by its default, as in an empty environment. */
export function worth(value: unknown): string {
  return expand(String(value ?? ''), () => undefined);
}

export function imageOf(data: Data): string {
  return worth(data.image);
}

/** `environment` as pairs; undefined for a name that is passed through. */
export function environmentOf({ data }: Service): [name: string, value: string | undefined][] {
  if (Array.isArray(data.environment)) {
    return data.environment.map((entry) => {
      const [name = '', ...value] = String(entry).split('=');
      return [name, value.length === 0 ? undefined : value.join('=')];
    });
  }
  return Object.entries(record(data.environment)).map(([name, value]) => [
    name,
    value === null ? undefined : String(value),
  ]);
}

/** `ports` in the short or the long syntax. */
export function portsOf({ data }: Service): PublishedPort[] {
  return list(data.ports).map((entry) => {
    if (typeof entry === 'object' && entry !== null) {
      const { host_ip: hostIp, published, target } = entry as Data;
      return { hostIp: worth(hostIp), text: `${worth(published)}:${worth(target)}` };
    }
    const text = worth(entry);
    const parts = /^(?:(\[[^\]]+\]|[^:]+):)?(?:[\d-]*:)?[\d-]+(?:\/\w+)?$/.exec(text);
    const ip = parts?.[1] ?? '';
    return { hostIp: /^[\d-]*$/.test(ip) ? '' : ip.replaceAll(/[[\]]/g, ''), text };
  });
}

/** `volumes` and `tmpfs` in the short or the long syntax. */
export function mountsOf({ data }: Service): Mount[] {
  const mounts = list(data.volumes).map((entry): Mount => {
    if (typeof entry === 'object' && entry !== null) {
      const { type, source, target } = entry as Data;
      const known = type === 'volume' || type === 'bind' || type === 'tmpfs' ? type : 'other';
      return { type: known, source: source === undefined ? undefined : worth(source), target: pathOf(worth(target)) };
    }
    const [first = '', second] = worth(entry).split(':');
    if (second === undefined) return { type: 'volume', source: undefined, target: pathOf(first) };
    return { type: /^[./~]/.test(first) ? 'bind' : 'volume', source: first, target: pathOf(second) };
  });
  const temporary = list(typeof data.tmpfs === 'string' ? [data.tmpfs] : data.tmpfs).map(
    (entry): Mount => ({ type: 'tmpfs', source: undefined, target: pathOf(worth(entry).split(':')[0] ?? '') }),
  );
  return [...mounts, ...temporary];
}

/** The condition under which `service` starts after `other`; undefined when it does not wait for it. */
export function startsAfter({ data }: Service, other: string): string | undefined {
  if (Array.isArray(data.depends_on)) return data.depends_on.includes(other) ? 'service_started' : undefined;
  const entry = record(data.depends_on)[other];
  return entry === undefined ? undefined : String(record(entry).condition ?? 'service_started');
}

/** A duration of the service, in milliseconds. */
export function durationOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value * 1_000 : durationMs(worth(value));
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function record(value: unknown): Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : {};
}

/** A service on top of the one that it extends, in this file. */
function extended(name: string, all: Data, seen: Set<string>): Data {
  const own = record(all[name]);
  const from = modelOf(own);
  if (from === undefined || seen.has(name)) return own;
  const base = extended(from, all, seen.add(name));
  const merged: Record<string, unknown> = { ...base, ...own };
  for (const key of ['environment', 'healthcheck', 'build', 'deploy']) {
    const [low, high] = [base[key], own[key]];
    const areMaps = [low, high].every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));
    if (areMaps) merged[key] = { ...record(low), ...record(high) };
  }
  return merged;
}

/** The service of this file that another one extends. */
function modelOf(own: Data): string | undefined {
  const from = typeof own.extends === 'string' ? own.extends : record(own.extends).service;
  return typeof from === 'string' && record(own.extends).file === undefined ? from : undefined;
}

function pathOf(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
