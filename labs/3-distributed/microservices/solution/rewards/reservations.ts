import type { Subscriptions } from '../messaging/inbox.ts';
import type { ServiceTools } from '../service-tools.ts';

interface AcceptanceRequested {
  readonly acceptanceId: string;
  readonly guild: string;
  readonly reward: number;
  readonly adventurerId: string;
}

interface AdventurerRefused {
  readonly acceptanceId: string;
  readonly reason: string;
}

interface Reservation {
  readonly guild: string;
  readonly gold: number;
}

/** The second step of the saga, and the one that takes it back. */
export function reservations({ outbox }: ServiceTools): Subscriptions {
  return {
    'acceptance.requested': {
      major: 1,
      // #region reserve
      handle: async (client, event) => {
        const { acceptanceId, guild, reward, adventurerId } = event.data as unknown as AcceptanceRequested;
        const about = { dataversion: '1.0', requestid: event.requestid };
        const enough = await client.query(
          'UPDATE treasuries SET gold = gold - $2, reserved = reserved + $2 WHERE guild = $1 AND gold >= $2 RETURNING guild',
          [guild, reward],
        );
        if (enough.length === 0) {
          const data = { acceptanceId, reason: 'treasury-empty' };
          return outbox.add(client, { ...about, type: 'reward.refused', data });
        }
        const values = [acceptanceId, guild, reward];
        await client.query('INSERT INTO reservations (acceptance_id, guild, gold) VALUES ($1, $2, $3)', values);
        await outbox.add(client, { ...about, type: 'reward.reserved', data: { acceptanceId, adventurerId } });
      },
      // #endregion reserve
    },
    'adventurer.refused': {
      major: 1,
      // #region release
      handle: async (client, event) => {
        const { acceptanceId, reason } = event.data as unknown as AdventurerRefused;
        const [released] = await client.query<Reservation>(
          `UPDATE reservations SET state = 'released' WHERE acceptance_id = $1 AND state = 'reserved' RETURNING guild, gold`,
          [acceptanceId],
        );
        if (released === undefined) return; // taken back already
        const { guild, gold } = released;
        await client.query('UPDATE treasuries SET gold = gold + $2, reserved = reserved - $2 WHERE guild = $1', [
          guild,
          gold,
        ]);
        const about = { dataversion: '1.0', requestid: event.requestid };
        await outbox.add(client, { ...about, type: 'reward.released', data: { acceptanceId, reason } });
      },
      // #endregion release
    },
  };
}
