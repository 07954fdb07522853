import { randomBytes } from 'node:crypto';
import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';

const MIN_LENGTH = 12;
const MAX_LENGTH = 128;
/** Under way and waiting. Each costs tens of milliseconds of a core, so what is beyond this would wait for seconds. */
const MAX_PENDING = 64;

export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
}

/** Whether the password is right, and whether its hash is weaker than what we make today. */
export type PasswordVerdict = { readonly right: false } | { readonly right: true; readonly outdated: boolean };

export class PasswordsBusy extends Error {
  readonly code = 'PASSWORDS_BUSY';
}

/** Characters are code points of the NFC form (RFC 8265 §4.2), so that one password typed on two keyboards is one. */
export function isAcceptablePassword(password: string): boolean {
  const length = [...password.normalize('NFC')].length;
  return length >= MIN_LENGTH && length <= MAX_LENGTH;
}

/** Hashes and verifies passwords with Argon2id (RFC 9106), with bounded work. */
export class Passwords {
  readonly #options: Options;
  /** The hash of a password that nobody knows, for accounts that nobody has. */
  readonly #nobody: string;
  #pending = 0;

  private constructor(options: Options, nobody: string) {
    this.#options = options;
    this.#nobody = nobody;
  }

  static async open({ memoryKib, passes }: PasswordCost): Promise<Passwords> {
    // Argon2id is the library's default algorithm, and a random salt of 16 bytes and 32 bytes of hash its default sizes.
    const options: Options = { memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
    return new Passwords(options, await hash(randomBytes(32), options));
  }

  /** @returns the hash in PHC string format, salt and parameters included. @throws PasswordsBusy */
  hash(password: string): Promise<string> {
    return this.#bounded(() => hash(password.normalize('NFC'), this.#options));
  }

  // #region equal-time
  /**
   * Takes as long for an account that does not exist as for one that does: the work is done in any case.
   *
   * @param stored the account's hash; undefined when there is no such account, and then the verdict is always no.
   * @throws PasswordsBusy
   */
  async verify(stored: string | undefined, password: string): Promise<PasswordVerdict> {
    const right = await this.#bounded(() => verify(stored ?? this.#nobody, password.normalize('NFC')));
    if (stored === undefined || !right) return { right: false };
    return { right: true, outdated: this.#isOutdated(stored) };
  }
  // #endregion equal-time

  // #region outdated
  #isOutdated(stored: string): boolean {
    const { memoryCost, timeCost } = parseOptions(stored);
    return memoryCost < (this.#options.memoryCost ?? 0) || timeCost < (this.#options.timeCost ?? 0);
  }
  // #endregion outdated

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#pending >= MAX_PENDING) throw new PasswordsBusy('too many passwords are being hashed');
    this.#pending += 1;
    try {
      return await work();
    } finally {
      this.#pending -= 1;
    }
  }
}
