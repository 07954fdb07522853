import { jsonAnswer } from '../http/answer.ts';
import { isGuild, isUuid, readFields, whole } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import type { Call, Route } from '../http/router.ts';
import type { ServiceTools } from '../service-tools.ts';

interface DepositRow {
  readonly id: string;
  readonly guild: string;
  readonly gold: number;
}

export function treasuryRoutes({ database }: ServiceTools): Route[] {
  return [
    { method: 'PUT', path: '/treasuries/:guild/deposits/:id', handler: deposit },
    { method: 'GET', path: '/treasuries/:guild', handler: readTreasury },
    { method: 'GET', path: '/purses/:accountId', handler: readPurse },
  ];

  async function deposit({ params: [guild, id], body }: Call) {
    const { gold } = readFields<{ readonly gold: number }>(body, { gold: whole(1, 1_000_000_000) });
    if (!isGuild(guild) || !isUuid(id)) throw new Problem('not-found', 'No such treasury, or no UUID.');
    const { row, isNew } = await database.transaction(async (client) => {
      const [made] = await client.query<DepositRow>(
        'INSERT INTO deposits (id, guild, gold) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id, guild, gold',
        [id, guild, gold],
      );
      if (made === undefined) {
        const [known] = await client.query<DepositRow>('SELECT id, guild, gold FROM deposits WHERE id = $1', [id]);
        return { row: known, isNew: false };
      }
      await client.query(
        'INSERT INTO treasuries (guild, gold) VALUES ($1, $2) ON CONFLICT (guild) DO UPDATE SET gold = treasuries.gold + $2',
        [guild, gold],
      );
      return { row: made, isNew: true };
    });
    if (row?.guild !== guild || row.gold !== gold) throw new Problem('id-taken', 'This id belongs to another deposit.');
    return jsonAnswer(isNew ? 201 : 200, row);
  }

  async function readTreasury({ params: [guild] }: Call) {
    const [row] = await database.query('SELECT guild, gold, reserved FROM treasuries WHERE guild = $1', [guild]);
    if (row === undefined) throw new Problem('not-found', 'This guild has never had any gold.');
    return jsonAnswer(200, row);
  }

  async function readPurse({ params: [id] }: Call) {
    const [row] = isUuid(id)
      ? await database.query('SELECT account_id AS "accountId", gold FROM purses WHERE account_id = $1', [id])
      : [];
    if (row === undefined) throw new Problem('not-found', 'No such purse, or not yet.');
    return jsonAnswer(200, row);
  }
}
