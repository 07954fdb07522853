/** Longer than any token of ours. What is longer is not looked at. */
const MAX_CHARS = 4_096;

/** A compact JWS whose form is right. Nothing in it is to be believed yet. */
export interface CompactToken {
  readonly kid: string;
  readonly alg: unknown;
}

// #region token-form
/**
 * Checks the form of a compact JWS (RFC 7515 §7.1), before anybody looks for a key.
 *
 * @returns undefined when anything is wrong with it: its alphabet, its encoding, its JSON, or a critical extension.
 */
export function parseCompactToken(token: string): CompactToken | undefined {
  if (token.length > MAX_CHARS) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64Url)) return undefined;
  const [header, claims] = parts.map((part) => parseObject(Buffer.from(part, 'base64url')));
  if (header === undefined || claims === undefined) return undefined;
  // RFC 7515 §4.1.11: what is critical and not understood makes the token invalid. We understand no extension.
  if ('crit' in header) return undefined;
  return typeof header.kid === 'string' ? { kid: header.kid, alg: header.alg } : undefined;
}

/** One spelling for each sequence of bytes: no padding, no other alphabet, and unused bits that are zero (RFC 4648 §3.5). */
function isCanonicalBase64Url(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text;
}
// #endregion token-form

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return hasDuplicateNames(text, value) ? undefined : (value as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

/**
 * Whether an object in this JSON text has a name twice. RFC 7515 §4 lets us refuse such a token or take the last one;
 * two parsers that choose differently are a hole, so we refuse.
 *
 * In valid JSON a string is a name exactly when a colon follows it, so counting these is enough.
 */
function hasDuplicateNames(text: string, value: unknown): boolean {
  let names = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)) if (colon !== undefined) names += 1;
  return names !== countMembers(value);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children = Object.values(value);
  const own = Array.isArray(value) ? 0 : children.length;
  return children.reduce<number>((sum, child) => sum + countMembers(child), own);
}
