import { Problem } from './problem.ts';

/** The entity tag of a version. Strong: two representations with the same tag are the same, byte for byte. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

// RFC 9110 §8.8.3: opaque-tag is DQUOTE *etagc DQUOTE, and etagc is any visible character but the quote, or a byte beyond ASCII.
const TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/** @throws Problem 400 when it is neither `*` nor a list of entity tags. */
function parseTags(name: string, value: string): '*' | readonly string[] {
  if (value.trim() === '*') return '*';
  const tags = value.match(/(W\/)?"[^"]*"|[^",\s][^",]*/g) ?? [];
  if (tags.length === 0 || !tags.every((tag) => TAG.test(tag))) {
    throw new Problem('bad-header', `${name} must be * or a list of entity tags, such as "3".`);
  }
  return tags;
}

// #region preconditions
export type Precondition = (currentTag: string) => boolean;

/**
 * What If-Match asks of a resource that exists. RFC 9110 §13.1.1: by strong comparison, so a weak tag never matches.
 *
 * @throws Problem 428 without the header (RFC 6585 §3): a write that does not say what it has seen overwrites what it
 *   has not.
 */
export function requireIfMatch(header: string | undefined): Precondition {
  if (header === undefined) {
    throw new Problem('precondition-required', 'Send If-Match with the ETag of the representation that you have read.');
  }
  const tags = parseTags('If-Match', header);
  return (currentTag) => tags === '*' || tags.includes(currentTag);
}

/** Whether the client has the current representation already. RFC 9110 §13.1.2: by weak comparison. */
export function readIfNoneMatch(header: string | undefined): Precondition {
  if (header === undefined) return () => false;
  const tags = parseTags('If-None-Match', header);
  return (currentTag) => tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === currentTag);
}
// #endregion preconditions
