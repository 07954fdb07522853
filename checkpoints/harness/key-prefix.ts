import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { KEY_PREFIX } from '../services/names.ts';
import { serviceAddress } from './service.ts';

export interface KeyPrefix extends AsyncDisposable {
  /** As `REDIS_URL` wants it. The server is shared: every key begins with `prefix`. */
  readonly url: string;
  /** `lab:<random>:` */
  readonly prefix: string;
}

/** How many keys one round trip looks at. */
const SCAN_COUNT = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Draws a prefix that nobody else has, for the keys and channels of one checkpoint. Disposal removes the keys under it,
 * and no other: never FLUSHALL.
 *
 * @param address the server. Default: that of the lab under test.
 */
export function createKeyPrefix(address: string = serviceAddress('redis')): KeyPrefix {
  const prefix = `${KEY_PREFIX}${randomBytes(8).toString('hex')}:`;
  return { url: address, prefix, [Symbol.asyncDispose]: () => removeKeys(address, prefix) };
}

async function removeKeys(address: string, prefix: string): Promise<void> {
  const socket = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false } as const;
  const client = createClient({ url: address, socket });
  client.on('error', () => {
    // Told by the command that fails.
  });
  await client.connect();
  try {
    // UNLINK frees memory aside, so that other users of the server do not wait for it.
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: SCAN_COUNT })) {
      if (keys.length > 0) await client.unlink(keys);
    }
  } finally {
    client.destroy();
  }
}
