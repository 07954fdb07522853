import type { Accounts, Profile } from './accounts.ts';
import type { AttemptLimit, Quota } from './attempt-limit.ts';
import type { Passwords } from './password.ts';
import { canonicalUserName } from './user-name.ts';

export type LogInResult =
  | { readonly kind: 'welcome'; readonly profile: Profile }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'too-many'; readonly retryAfterMs: number };

export interface LogInLimits {
  readonly account: number;
  readonly address: number;
}

export interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** Everything between a password that was sent and the decision about it. */
export class LogIn {
  readonly #accounts: Accounts;
  readonly #passwords: Passwords;
  readonly #attempts: AttemptLimit;
  readonly #limits: LogInLimits;

  constructor(accounts: Accounts, passwords: Passwords, attempts: AttemptLimit, limits: LogInLimits) {
    this.#accounts = accounts;
    this.#passwords = passwords;
    this.#attempts = attempts;
    this.#limits = limits;
  }

  /** @throws PasswordsBusy */
  async attempt({ username, password, address }: Attempt): Promise<LogInResult> {
    const name = canonicalUserName(username);
    const account = name === undefined ? undefined : await this.#accounts.credentials(name, address);
    const admission = this.#attempts.admit(this.#quotas(name ?? '', address, account?.isFamiliar ?? false));
    if (!admission.admitted) return { kind: 'too-many', retryAfterMs: admission.retryAfterMs };
    const verdict = await this.#passwords.verify(account?.passwordHash, password).catch((error: unknown) => {
      // No password was looked at.
      admission.forgive();
      throw error;
    });
    if (account === undefined || !verdict.right) return { kind: 'wrong' };
    admission.forgive();
    await this.#accounts.remember(account.id, address);
    if (verdict.outdated) {
      await this.#accounts.replaceHash(account.id, account.passwordHash, await this.#passwords.hash(password));
    }
    const { id, role } = account;
    return { kind: 'welcome', profile: { id, username: account.username, role } };
  }

  /** A registration costs a hash too, and tells whether a name is taken: it counts for the address. */
  admitRegistration(address: string): { readonly retryAfterMs: number } | undefined {
    const admission = this.#attempts.admit([{ key: `address ${address}`, limit: this.#limits.address }]);
    return admission.admitted ? undefined : admission;
  }

  // #region quotas
  /**
   * Strangers share one quota for an account. An address from which its owner has logged in has a quota of its own, so
   * nobody can lock the owner out by failing on purpose. Names that do not exist are counted as those that do.
   */
  #quotas(name: string, address: string, isFamiliar: boolean): Quota[] {
    return [
      { key: `address ${address}`, limit: this.#limits.address },
      { key: isFamiliar ? `account ${name} from ${address}` : `account ${name}`, limit: this.#limits.account },
    ];
  }
  // #endregion quotas
}
