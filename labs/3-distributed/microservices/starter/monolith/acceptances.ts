import type { Database } from './database.ts';
import { jsonAnswer } from './http/answer.ts';
import { isUuid, readFields, uuid } from './http/body.ts';
import { Problem } from './http/problem.ts';
import type { Call, Route } from './http/router.ts';
import type { QuestRow } from './quests.ts';

interface AcceptanceRow {
  readonly id: string;
  readonly questId: string;
  readonly adventurerId: string;
  readonly state: 'accepted' | 'refused';
  readonly reason: string | null;
}

const MAX_ENGAGEMENTS = 3;
const COLUMNS = 'id, quest_id AS "questId", adventurer_id AS "adventurerId", state, reason';

/** All of it in one transaction: here nothing can be in between. */
export function acceptanceRoutes(database: Database): Route[] {
  return [
    { method: 'PUT', path: '/acceptances/:id', handler: accept },
    { method: 'GET', path: '/acceptances/:id', handler: read },
  ];

  // #region one-transaction
  async function accept({ params: [id], body, accountId }: Call) {
    const { questId } = readFields<{ readonly questId: string }>(body, { questId: uuid });
    if (!isUuid(id)) throw new Problem('not-found', 'The id of an acceptance is a UUID.');
    const { row, isNew } = await database.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
      const [known] = await client.query<AcceptanceRow>(`SELECT ${COLUMNS} FROM acceptances WHERE id = $1`, [id]);
      if (known !== undefined) return { row: known, isNew: false };
      const [quest] = await client.query<QuestRow>('SELECT * FROM quests WHERE id = $1 FOR UPDATE', [questId]);
      if (quest === undefined) throw new Problem('not-found', 'No such quest.');
      if (quest.taken >= quest.places) throw new Problem('quest-full', 'Somebody was faster.');
      const reason = await refusalOf(quest);
      const [made] = await client.query<AcceptanceRow>(
        `INSERT INTO acceptances (id, quest_id, adventurer_id, state, reason) VALUES ($1, $2, $3, $4, $5)
         RETURNING ${COLUMNS}`,
        [id, questId, accountId, reason === null ? 'accepted' : 'refused', reason],
      );
      return { row: made, isNew: true };

      async function refusalOf({ guild, reward }: QuestRow): Promise<string | null> {
        const [treasury] = await client.query<{ gold: number }>(
          'SELECT gold FROM treasuries WHERE guild = $1 FOR UPDATE',
          [guild],
        );
        if ((treasury?.gold ?? 0) < reward) return 'treasury-empty';
        const engaged = await client.query(
          'UPDATE accounts SET engagements = engagements + 1 WHERE id = $1 AND engagements < $2 RETURNING id',
          [accountId, MAX_ENGAGEMENTS],
        );
        if (engaged.length === 0) return 'adventurer-busy';
        const change = 'UPDATE treasuries SET gold = gold - $2, reserved = reserved + $2 WHERE guild = $1';
        await client.query(change, [guild, reward]);
        await client.query('UPDATE quests SET taken = taken + 1 WHERE id = $1', [questId]);
        return null;
      }
    });
    if (row?.questId !== questId || row.adventurerId !== accountId) {
      throw new Problem('id-taken', 'This id belongs to another acceptance. Make a new one.');
    }
    return jsonAnswer(isNew ? 202 : 200, row, { Location: `/acceptances/${id}` });
  }
  // #endregion one-transaction

  async function read({ params: [id], accountId }: Call) {
    const [row] = isUuid(id)
      ? await database.query<AcceptanceRow>(`SELECT ${COLUMNS} FROM acceptances WHERE id = $1`, [id])
      : [];
    if (row?.adventurerId !== accountId) throw new Problem('not-found', 'No such acceptance of yours.');
    return jsonAnswer(200, row);
  }
}
