/** What the functions of `node:net` are given: their options and their many forms. */
import type { DuplexOptions } from './duplex.ts';
import type { Listener } from './events.ts';

export interface SocketOptions extends DuplexOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
}

interface ConnectOptions extends SocketOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface ServerOptions extends SocketOptions {
  readonly pauseOnConnect?: boolean;
}

interface ListenOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly backlog?: number;
  readonly signal?: AbortSignal;
}

/** What `connect` was given, in any of its forms. */
export function connectArguments(given: readonly unknown[]): {
  readonly options: ConnectOptions;
  readonly done: Listener | undefined;
} {
  const [first, second] = given;
  const done = given.find((each): each is Listener => typeof each === 'function');
  if (typeof first === 'object' && first !== null) return { options: first as ConnectOptions, done };
  return { options: { port: first as number, ...(typeof second === 'string' ? { host: second } : {}) }, done };
}

/** What `listen` was given, in any of its forms. */
export function listenArguments(given: readonly unknown[]): {
  readonly options: ListenOptions;
  readonly done: Listener | undefined;
} {
  const [first, second] = given;
  const done = given.find((each): each is Listener => typeof each === 'function');
  if (typeof first === 'object' && first !== null) return { options: first as ListenOptions, done };
  const port = typeof first === 'function' ? undefined : (first as number | undefined);
  return {
    options: { ...(port === undefined ? {} : { port }), ...(typeof second === 'string' ? { host: second } : {}) },
    done,
  };
}

/** @throws RangeError as Node does for a port that cannot be. */
export function checkedPort(port: unknown, name: string): number {
  const value = typeof port === 'string' && port.trim() !== '' ? Number(port) : port;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  const what = typeof port === 'string' ? `type string ('${port}')` : `type ${typeof port} (${String(port)})`;
  throw Object.assign(new RangeError(`${name} should be >= 0 and < 65536. Received ${what}.`), {
    code: 'ERR_SOCKET_BAD_PORT',
  });
}
