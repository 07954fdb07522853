import { isUuid } from '../http/body.ts';
import type { Subscriptions } from '../messaging/inbox.ts';

/** What everybody got before version 1.1 began to say how much it is. */
const GIFT_BEFORE_1_1 = 100;

interface AccountRegistered {
  readonly accountId: string;
  /** Since 1.1. */
  readonly gift?: number;
}

/** Whoever registers gets a purse with a gift in it. */
export function gifts(): Subscriptions {
  return {
    // #region older-and-newer
    'account.registered': {
      major: 1,
      handle: async (client, event) => {
        const { accountId, gift = GIFT_BEFORE_1_1 } = event.data as unknown as AccountRegistered;
        if (!isUuid(accountId)) throw new Error('account.registered without an account');
        await client.query(
          'INSERT INTO purses (account_id, gold) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET gold = purses.gold + $2',
          [accountId, gift],
        );
      },
    },
    // #endregion older-and-newer
  };
}
