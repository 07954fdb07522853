import { readFile } from 'node:fs/promises';
import { CompactSign, type CryptoKey, compactVerify, importJWK, type JWK } from 'jose';
import type { Logger } from './log.ts';
import { type Algorithm, keyProblem, publicPart } from './signing-key.ts';

export interface VerificationKey {
  readonly kid: string;
  /** The only algorithm for which this key may be used (RFC 8725 §3.1). */
  readonly alg: Algorithm;
  readonly key: CryptoKey;
}

interface KeySet {
  /** Has a private key. */
  readonly signing: VerificationKey;
  /** A Map: a `kid` comes from the client, and may be `__proto__`. */
  readonly byKid: ReadonlyMap<string, VerificationKey>;
  readonly published: { readonly keys: readonly JWK[] };
}

export class KeysFileError extends Error {
  readonly code = 'KEYS_FILE';
}

/**
 * The keys of the operator's file. The first signs; all of them verify; one that is taken out of the file has retired.
 */
export class KeyRing {
  readonly #path: string;
  readonly #reloadMs: number;
  readonly #log: Logger;
  #keys: KeySet;
  #readAt = performance.now();
  #reading: Promise<void> | undefined;

  private constructor(keys: KeySet, { path, reloadMs, log }: { path: string; reloadMs: number; log: Logger }) {
    this.#keys = keys;
    this.#path = path;
    this.#reloadMs = reloadMs;
    this.#log = log;
  }

  /** @throws KeysFileError when the file cannot be read, or a key in it cannot be trusted. */
  static async open(options: { path: string; reloadMs: number; log: Logger }): Promise<KeyRing> {
    return new KeyRing(await readKeys(options.path), options);
  }

  async signing(): Promise<VerificationKey> {
    await this.#refresh();
    return this.#keys.signing;
  }

  /** @param kid as it came, from anybody. */
  async find(kid: string): Promise<VerificationKey | undefined> {
    await this.#refresh();
    return this.#keys.byKid.get(kid);
  }

  /** The JWK Set for others: public parts only. */
  async published(): Promise<KeySet['published']> {
    await this.#refresh();
    return this.#keys.published;
  }

  // #region reload
  /**
   * Reads the file again when it was last read `reloadMs` ago. The age decides and nothing else: if an unknown `kid`
   * did, whoever sends tokens with random ones would decide how often we read.
   */
  async #refresh(): Promise<void> {
    if (performance.now() - this.#readAt < this.#reloadMs) return;
    this.#reading ??= this.#reload().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #reload(): Promise<void> {
    try {
      this.#keys = await readKeys(this.#path);
    } catch (error) {
      // A file that is being replaced is no reason to lock everybody out.
      this.#log.error({ reason: (error as Error).message }, 'keys-not-reloaded');
    }
    this.#readAt = performance.now();
  }
  // #endregion reload
}

async function readKeys(path: string): Promise<KeySet> {
  const entries = await readEntries(path);
  const byKid = new Map<string, VerificationKey>();
  for (const jwk of entries) {
    const problem = keyProblem(jwk);
    if (problem !== undefined) throw new KeysFileError(`KEYS_FILE: ${problem}`);
    const { kid = '', alg } = jwk as JWK & { alg: Algorithm };
    if (byKid.has(kid)) throw new KeysFileError(`KEYS_FILE: two keys have the kid "${kid}"`);
    byKid.set(kid, { kid, alg, key: await imported(publicPart(jwk), alg) });
  }
  const [first] = entries;
  if (first?.d === undefined) throw new KeysFileError('KEYS_FILE: the first key signs, so it needs its private part');
  const { kid = '', alg } = first as JWK & { alg: Algorithm };
  const key = await imported(first, alg);
  if (!(await isPair(alg, key, byKid.get(kid)?.key)))
    throw new KeysFileError(`KEYS_FILE: the key "${kid}" is two halves of two`);
  return {
    signing: { kid, alg, key },
    byKid,
    published: { keys: entries.map(publicPart) },
  };
}

async function readEntries(path: string): Promise<JWK[]> {
  let set: unknown;
  try {
    set = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // The message of a JSON error quotes the text, and the text is private keys.
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is no JSON';
    throw new KeysFileError(`KEYS_FILE cannot be read: ${reason}`);
  }
  const keys = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0)
    throw new KeysFileError('KEYS_FILE is a JWK Set with at least one key');
  return keys as JWK[];
}

/** Not every library notices private and public members that do not belong together; nobody could verify our tokens. */
async function isPair(alg: Algorithm, privateKey: CryptoKey, publicKey: CryptoKey | undefined): Promise<boolean> {
  if (publicKey === undefined) return false;
  try {
    const token = await new CompactSign(Buffer.from('a probe')).setProtectedHeader({ alg }).sign(privateKey);
    await compactVerify(token, publicKey);
    return true;
  } catch {
    return false;
  }
}

async function imported(jwk: JWK, alg: Algorithm): Promise<CryptoKey> {
  try {
    return (await importJWK(jwk, alg)) as CryptoKey;
  } catch {
    throw new KeysFileError(`KEYS_FILE: the key "${jwk.kid}" is not well formed`);
  }
}
