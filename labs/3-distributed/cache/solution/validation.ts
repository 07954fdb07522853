import { Problem } from './problem.ts';
import type { QuestFields } from './quests.ts';

const MAX_ID = 2_147_483_647;
const MAX_TITLE_CHARACTERS = 120;
const MAX_DETAILS_CHARACTERS = 200_000;
const MAX_NAME_CHARACTERS = 40;
const MAX_REWARD = 1_000_000;
const MAX_OFFSET = 1_000_000;
const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 10;

/** @throws Problem 404 for what is no id: it belongs to nothing. */
export function readId(text: unknown): number {
  const id = /^[1-9][0-9]{0,9}$/.test(String(text)) ? Number(text) : Number.NaN;
  if (id <= MAX_ID) return id;
  throw new Problem('not-found', 'There is no such quest.');
}

/** @throws Problem 422. */
export function readQuest(body: unknown): QuestFields {
  const { title, reward, details = '', ...others } = readObject(body);
  const isReward = Number.isInteger(reward) && (reward as number) >= 0 && (reward as number) <= MAX_REWARD;
  if (!isText(title, 1, MAX_TITLE_CHARACTERS))
    throw invalid(`title must be text of 1 to ${MAX_TITLE_CHARACTERS} characters`);
  if (!isReward) throw invalid(`reward must be a whole number from 0 to ${MAX_REWARD}`);
  if (!isText(details, 0, MAX_DETAILS_CHARACTERS)) throw invalid('details must be text');
  if (Object.keys(others).length > 0) throw invalid(`${Object.keys(others)[0]} is not known`);
  return { title, reward: reward as number, details };
}

/** @throws Problem 422. */
export function readClaim(body: unknown): string {
  const { adventurer, ...others } = readObject(body);
  if (!isText(adventurer, 1, MAX_NAME_CHARACTERS))
    throw invalid(`adventurer must be text of 1 to ${MAX_NAME_CHARACTERS} characters`);
  if (Object.keys(others).length > 0) throw invalid(`${Object.keys(others)[0]} is not known`);
  return adventurer;
}

/** @throws Problem 400. */
export function readPage(url: string): { offset: number; limit: number } {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = query.get(name) ?? String(fallback);
    const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Problem('bad-query', `${name} must be a whole number from ${min} to ${max}.`);
  };
  return { offset: number('offset', 0, 0, MAX_OFFSET), limit: number('limit', DEFAULT_LIMIT, 1, MAX_LIMIT) };
}

function readObject(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body must be an object');
  return body as Record<string, unknown>;
}

/** PostgreSQL holds neither U+0000 nor half a surrogate pair. */
function isText(value: unknown, min: number, max: number): value is string {
  if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return false;
  const { length } = [...value];
  return length >= min && length <= max;
}

function invalid(detail: string): Problem {
  return new Problem('validation', `${detail}.`);
}
