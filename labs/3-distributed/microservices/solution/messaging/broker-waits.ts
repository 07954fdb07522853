import type { ChannelModel } from 'amqplib';

const CLOSE_TIMEOUT_MS = 500;

/** Resolves with the broker's confirm of one message. */
export function confirmed(send: (done: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    send((error) => (error ? reject(new Error('the broker has refused a message', { cause: error })) : resolve()));
  });
}

/** `work`, or an error after `ms`. */
export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  work.catch(() => {}); // it may fail after we have given up on it
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a connection, whatever state it is in. */
export async function closed(connection: ChannelModel): Promise<void> {
  await within(connection.close(), CLOSE_TIMEOUT_MS, 'close').catch(() => {
    (connection.connection as unknown as { stream?: { destroy(): void } }).stream?.destroy();
  });
}
