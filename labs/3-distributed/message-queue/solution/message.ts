import { crc32 } from 'node:zlib';

/** A reward that somebody earned. The adventurer's purse must get it once. */
export interface Reward {
  readonly id: string;
  readonly adventurer: string;
  readonly gold: number;
  /** Rewards of one key are paid in the order in which they were published. Without it, in any order. */
  readonly key?: string;
}

/** One failed attempt, as it stands in the history of a message. */
export interface Attempt {
  readonly attempt: number;
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly error: string;
}

/** How many queues or partitions the keyed messages are spread over. */
export const PARTITIONS = 4;
const NAME = /^[A-Za-z0-9-]{1,64}$/;
const MAX_ADVENTURER_CHARS = 80;
const MAX_GOLD = 1_000_000;

/** The message is not one, and no retry will make it one. */
export class UnreadableMessage extends Error {
  readonly code = 'UNREADABLE';
}

/** @throws UnreadableMessage that says what is wrong. */
export function parseReward(text: string): Reward {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableMessage('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableMessage('not an object');
  const { id, adventurer, gold, key } = value as Record<string, unknown>;
  if (typeof id !== 'string' || !NAME.test(id)) throw new UnreadableMessage('id is no name of 1 to 64 characters');
  if (key !== undefined && (typeof key !== 'string' || !NAME.test(key))) {
    throw new UnreadableMessage('key is no name of 1 to 64 characters');
  }
  if (typeof adventurer !== 'string' || !isText(adventurer)) {
    throw new UnreadableMessage('adventurer is no text of 1 to 80 characters');
  }
  if (typeof gold !== 'number' || !Number.isInteger(gold) || gold < 1 || gold > MAX_GOLD) {
    throw new UnreadableMessage('gold is no whole number from 1 to 1000000');
  }
  return { id, adventurer, gold, ...(key === undefined ? {} : { key }) };
}

function isText(text: string): boolean {
  // Seldom are there more code units than code points may be, so they are seldom counted.
  const isShort = text.length <= MAX_ADVENTURER_CHARS || [...text].length <= MAX_ADVENTURER_CHARS;
  // PostgreSQL holds no U+0000, and UTF-8 no half of a surrogate pair.
  return text.length >= 1 && isShort && !text.includes('\0') && text.isWellFormed();
}

/** A history that came with a message. It may come from another publisher: what is none, is as if there were none. */
export function parseHistory(text: unknown): readonly Attempt[] {
  try {
    const list: unknown = JSON.parse(String(text));
    return Array.isArray(list) ? (list as Attempt[]) : [];
  } catch {
    return [];
  }
}

/** The number of attempts that came with a message, as a number or as text; what is none, is 0. */
export function parseAttempts(told: unknown): number {
  const count = Number(told ?? 0);
  return Number.isInteger(count) && count >= 0 ? count : 0;
}

/** The partition of a key, the same for every publisher whatever it is written in. */
export function partitionOf(key: string): number {
  return crc32(key) % PARTITIONS;
}
