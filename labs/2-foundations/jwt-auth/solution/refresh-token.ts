import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** RFC 6749 §10.10 wants what cannot be guessed; 256 bits are beyond every guess. */
const TOKEN_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A refresh token: random, opaque, without any meaning of its own. */
export function createRefreshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is stored of it. A plain hash is enough: unlike a password, 256 random bits cannot be tried out. */
export function hashRefreshToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

// #region seal
/**
 * Encrypts a token's successor under the token itself (AES-256-GCM). So it can be given again to whoever presents the
 * old token once more, and the database alone, backups included, tells nothing.
 */
export function sealSuccessor(token: string, successor: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(token), nonce);
  return Buffer.concat([nonce, cipher.update(successor, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** The inverse of `sealSuccessor`. @throws Error when it was sealed under another token. */
export function unsealSuccessor(token: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(token), sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
// #endregion seal

/** Another function of the token than the hash that is stored. */
function sealingKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'tavern refresh successor', 32));
}
