import type { TavernEvent } from './event.ts';
import type { Line } from './line-decoder.ts';

/** Tells connections apart. Never used twice while the server runs. */
export type ClientId = number;

/** What happens to the tavern. */
export type Input =
  | { readonly kind: 'arrived'; readonly client: ClientId }
  /** Bytes came, whatever they were: a sign of life. */
  | { readonly kind: 'heard'; readonly client: ClientId }
  | { readonly kind: 'line'; readonly client: ClientId; readonly line: Line }
  /** The connection has ended or is being cut off. Saying so twice does no harm. */
  | { readonly kind: 'gone'; readonly client: ClientId }
  /** Time has passed. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'closing' };

/** What the tavern wants done, in this order. */
export type Effect =
  | { readonly kind: 'send'; readonly to: readonly ClientId[]; readonly event: TavernEvent }
  /** End the connection once it has taken what it is owed. */
  | { readonly kind: 'end'; readonly client: ClientId };
