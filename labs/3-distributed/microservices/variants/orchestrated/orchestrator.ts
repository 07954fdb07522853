import type { Queryable } from '../../solution/database.ts';
import type { Log } from '../../solution/log.ts';
import type { TavernEvent } from '../../solution/messaging/event.ts';
import type { Subscription, Subscriptions } from '../../solution/messaging/inbox.ts';
import { settlements } from '../../solution/quests/settlement.ts';
import type { ServiceTools } from '../../solution/service-tools.ts';

/** Where a saga stands that has not ended, and whose turn it is. */
export const ORCHESTRATOR_TABLES = `
  CREATE TABLE IF NOT EXISTS sagas (
    acceptance_id uuid PRIMARY KEY REFERENCES acceptances,
    step text NOT NULL CHECK (step IN ('reserving', 'engaging', 'releasing')),
    adventurer_id uuid NOT NULL,
    reason text
  );
`;

interface Saga {
  readonly step: 'reserving' | 'engaging' | 'releasing';
  readonly adventurerId: string;
}

/** Tells each service what to do next, and knows of every saga where it stands. */
export function orchestrator(tools: ServiceTools): Subscriptions {
  const { outbox } = tools;
  const ends = settlements(tools);

  const command = (client: Queryable, { requestid }: TavernEvent, type: string, data: Record<string, unknown>) =>
    outbox.add(client, { type, dataversion: '1.0', requestid, data });

  /** Takes a saga from one step to the next. Undefined: it is not there, and this reply is none of its business. */
  async function advance(
    client: Queryable,
    event: TavernEvent,
    from: Saga['step'],
    to: Saga['step'],
    reason?: unknown,
  ) {
    const [saga] = await client.query<Saga>(
      `UPDATE sagas SET step = $3, reason = coalesce($4, reason) WHERE acceptance_id = $1 AND step = $2
       RETURNING step, adventurer_id AS "adventurerId"`,
      [event.data.acceptanceId, from, to, reason ?? null],
    );
    return saga;
  }

  const ending = (as: keyof typeof ends): Subscription => ({
    major: 1,
    handle: async (client, event, log: Log) => {
      const { acceptanceId } = event.data;
      const [saga] = await client.query<{ reason: string | null }>(
        'DELETE FROM sagas WHERE acceptance_id = $1 RETURNING reason',
        [acceptanceId],
      );
      if (saga === undefined) return;
      const reason = event.data.reason ?? saga.reason ?? undefined;
      await ends[as]?.handle(
        client,
        { ...event, data: { acceptanceId, ...(reason === undefined ? {} : { reason }) } },
        log,
      );
    },
  });

  return {
    'acceptance.requested': {
      major: 1,
      handle: async (client, event) => {
        const { acceptanceId, adventurerId } = event.data;
        const values = [acceptanceId, adventurerId];
        await client.query(
          `INSERT INTO sagas (acceptance_id, step, adventurer_id) VALUES ($1, 'reserving', $2)`,
          values,
        );
        await command(client, event, 'reward.reserve', event.data);
      },
    },
    'reward.reserved': {
      major: 1,
      handle: async (client, event) => {
        const saga = await advance(client, event, 'reserving', 'engaging');
        if (saga === undefined) return;
        const { acceptanceId } = event.data;
        await command(client, event, 'adventurer.engage', { acceptanceId, adventurerId: saga.adventurerId });
      },
    },
    'adventurer.refused': {
      major: 1,
      handle: async (client, event) => {
        const { acceptanceId, reason } = event.data;
        if ((await advance(client, event, 'engaging', 'releasing', reason)) === undefined) return;
        await command(client, event, 'reward.release', { acceptanceId, reason });
      },
    },
    'reward.refused': ending('reward.refused'),
    'reward.released': ending('reward.released'),
    'adventurer.engaged': ending('adventurer.engaged'),
  };
}
