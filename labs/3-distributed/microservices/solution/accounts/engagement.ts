import type { Subscriptions } from '../messaging/inbox.ts';
import type { ServiceTools } from '../service-tools.ts';

/** On so many quests somebody may be at once. */
const MAX_ENGAGEMENTS = 3;

interface RewardReserved {
  readonly acceptanceId: string;
  readonly adventurerId: string;
}

/** The last step of the saga that may be refused: nothing after it can fail, so nothing has to take it back. */
export function engagements({ outbox }: ServiceTools): Subscriptions {
  return {
    'reward.reserved': {
      major: 1,
      // #region engage
      handle: async (client, event) => {
        const { acceptanceId, adventurerId } = event.data as unknown as RewardReserved;
        const engaged = await client.query(
          'UPDATE accounts SET engagements = engagements + 1 WHERE id = $1 AND engagements < $2 RETURNING id',
          [adventurerId, MAX_ENGAGEMENTS],
        );
        const about = { dataversion: '1.0', requestid: event.requestid };
        await outbox.add(
          client,
          engaged.length === 1
            ? { ...about, type: 'adventurer.engaged', data: { acceptanceId } }
            : { ...about, type: 'adventurer.refused', data: { acceptanceId, reason: 'adventurer-busy' } },
        );
      },
      // #endregion engage
    },
  };
}
