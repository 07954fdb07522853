import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { parseCompactToken } from './compact-token.ts';
import type { KeyRing } from './key-ring.ts';
import { ALGORITHMS } from './signing-key.ts';

/** Who sends a request, as far as the token says. */
export interface Caller {
  readonly accountId: string;
  readonly roles: readonly string[];
}

export interface AccessTokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlS: number;
  readonly clockSkewS: number;
}

/** RFC 9068 §2.1: a type of their own, so that no other token of ours is taken for one (RFC 8725 §3.11). */
const TYPE = 'at+jwt';

/** Makes and checks access tokens. They are not looked up anywhere: one that is valid is valid until it expires. */
export class AccessTokens {
  readonly #keys: KeyRing;
  readonly #rules: AccessTokenRules;

  constructor(keys: KeyRing, rules: AccessTokenRules) {
    this.#keys = keys;
    this.#rules = rules;
  }

  // #region issue
  /** Simplified: RFC 9068 §2.2 also wants a `client_id`; Tavern has one client. In production: name it. */
  async issue({ accountId, roles }: Caller): Promise<string> {
    const { kid, alg, key } = await this.#keys.signing();
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ roles })
      .setProtectedHeader({ typ: TYPE, alg, kid })
      .setIssuer(this.#rules.issuer)
      .setAudience(this.#rules.audience)
      .setSubject(accountId)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + this.#rules.ttlS)
      .sign(key);
  }
  // #endregion issue

  // #region verify
  /** @returns undefined for every token that is not valid, whatever is wrong with it. */
  async verify(token: string): Promise<Caller | undefined> {
    const form = parseCompactToken(token);
    if (form === undefined) return undefined;
    // The token says which key; the key, and never the token, says which algorithm (RFC 8725 §3.1). `jwk`, `jku` and
    // their kind are not looked at.
    const key = await this.#keys.find(form.kid);
    if (key === undefined || key.alg !== form.alg) return undefined;
    try {
      const { payload } = await jwtVerify(token, key.key, {
        algorithms: [...ALGORITHMS],
        typ: TYPE,
        issuer: this.#rules.issuer,
        audience: this.#rules.audience,
        clockTolerance: this.#rules.clockSkewS,
        requiredClaims: ['exp', 'iat', 'sub'],
      });
      return this.#callerOf(payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
  // #endregion verify

  /** What the library leaves to us. */
  #callerOf({ sub, exp, iat, nbf, roles = [] }: JWTPayload): Caller | undefined {
    // 1e999 is a number in JSON, and Infinity is one in JavaScript: such a token would never expire.
    if (!Number.isFinite(exp) || !Number.isFinite(iat)) return undefined;
    if (nbf !== undefined && !Number.isFinite(nbf)) return undefined;
    if ((iat ?? 0) > Date.now() / 1000 + this.#rules.clockSkewS) return undefined;
    if (typeof sub !== 'string' || sub === '' || !isTextList(roles)) return undefined;
    return { accountId: sub, roles };
  }
}

/** A list and nothing else: `"warden".includes("warden")` is true as well. */
function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
