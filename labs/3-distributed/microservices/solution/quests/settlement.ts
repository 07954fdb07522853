import type { Queryable } from '../database.ts';
import type { TavernEvent } from '../messaging/event.ts';
import type { Subscription, Subscriptions } from '../messaging/inbox.ts';
import type { ServiceTools } from '../service-tools.ts';

interface StepDone {
  readonly acceptanceId: string;
  readonly reason?: string;
}

/** The end of the saga: completed, or refused once whatever had been done is taken back. */
export function settlements({ outbox }: ServiceTools): Subscriptions {
  const settle = (state: 'accepted' | 'refused'): Subscription => ({
    major: 1,
    handle: (client, event) => settleAs(client, event, state),
  });
  return {
    'adventurer.engaged': settle('accepted'),
    'reward.refused': settle('refused'), // nothing was reserved
    'reward.released': settle('refused'), // what was reserved has been given back
  };

  // #region settle
  async function settleAs(client: Queryable, event: TavernEvent, state: 'accepted' | 'refused'): Promise<void> {
    const { acceptanceId, reason = null } = event.data as unknown as StepDone;
    const [settled] = await client.query<{ questId: string }>(
      `UPDATE acceptances SET state = $2, reason = $3 WHERE id = $1 AND state = 'pending' RETURNING quest_id AS "questId"`,
      [acceptanceId, state, reason],
    );
    if (settled === undefined) return; // not ours, or settled already
    // The compensation of the first step, in the transaction that says so.
    if (state === 'refused') await client.query('UPDATE quests SET taken = taken - 1 WHERE id = $1', [settled.questId]);
    const data = { acceptanceId, state, reason };
    await outbox.add(client, { type: 'acceptance.settled', dataversion: '1.0', requestid: event.requestid, data });
  }
  // #endregion settle
}
