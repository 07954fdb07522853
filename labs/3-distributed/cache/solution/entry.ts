import type { Lifetime } from './policy.ts';

/** A value as it is kept; null: it was looked for, and does not exist. */
export interface Entry<T> extends Lifetime {
  readonly value: T | null;
}

// #region codec
/** The text of an entry. The number of its form comes first: another build may read it. */
export function encodeEntry(entry: Entry<unknown>, format: number): string {
  const { value, freshUntil, staleUntil, loadMs } = entry;
  return JSON.stringify({ format, freshUntil, staleUntil, loadMs, value });
}

/** @returns undefined for whatever is not an entry of this form: to its reader it is not there. */
export function decodeEntry<T>(text: string | null, format: number): Entry<T> | undefined {
  if (text === null) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
  const entry = found as Partial<Record<keyof Entry<T> | 'format', unknown>>;
  const times = [entry.freshUntil, entry.staleUntil, entry.loadMs];
  if (entry.format !== format || !times.every(Number.isFinite) || typeof entry.value !== 'object') return undefined;
  return entry as unknown as Entry<T>;
}
// #endregion codec
