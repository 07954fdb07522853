import { jsonAnswer } from '../http/answer.ts';
import { isUuid, readFields, uuid } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import type { Call, Route } from '../http/router.ts';
import type { ServiceTools } from '../service-tools.ts';
import type { QuestRow } from './quests.ts';

interface AcceptanceRow {
  readonly id: string;
  readonly questId: string;
  readonly adventurerId: string;
  readonly state: 'pending' | 'accepted' | 'refused';
  readonly reason: string | null;
}

const COLUMNS = 'id, quest_id AS "questId", adventurer_id AS "adventurerId", state, reason';

/** The first step of the saga. The client chooses the id, so that it can ask again when it hears nothing. */
export function acceptanceRoutes({ database, outbox }: ServiceTools): Route[] {
  return [
    { method: 'PUT', path: '/acceptances/:id', handler: accept },
    { method: 'GET', path: '/acceptances/:id', handler: read },
  ];

  // #region accept
  async function accept({ params: [id], body, accountId, requestId }: Call) {
    const { questId } = readFields<{ readonly questId: string }>(body, { questId: uuid });
    if (!isUuid(id)) throw new Problem('not-found', 'The id of an acceptance is a UUID.');
    const { row, isNew } = await database.transaction(async (client) => {
      // Whoever comes second with an id waits here for the first, and then finds it.
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
      const [known] = await client.query<AcceptanceRow>(`SELECT ${COLUMNS} FROM acceptances WHERE id = $1`, [id]);
      if (known !== undefined) return { row: known, isNew: false };
      const [quest] = await client.query<QuestRow>('SELECT * FROM quests WHERE id = $1 FOR UPDATE', [questId]);
      if (quest === undefined) throw new Problem('not-found', 'No such quest.');
      if (quest.taken >= quest.places) throw new Problem('quest-full', 'Somebody was faster.');
      await client.query('UPDATE quests SET taken = taken + 1 WHERE id = $1', [questId]);
      const [made] = await client.query<AcceptanceRow>(
        `INSERT INTO acceptances (id, quest_id, adventurer_id) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
        [id, questId, accountId],
      );
      const { guild, reward } = quest;
      const data = { acceptanceId: id, questId, guild, reward, adventurerId: accountId };
      await outbox.add(client, { type: 'acceptance.requested', dataversion: '1.0', requestid: requestId, data });
      return { row: made, isNew: true };
    });
    outbox.nudge();
    if (row?.questId !== questId || row.adventurerId !== accountId) {
      throw new Problem('id-taken', 'This id belongs to another acceptance. Make a new one.');
    }
    return jsonAnswer(isNew ? 202 : 200, row, { Location: `/acceptances/${id}` });
  }
  // #endregion accept

  async function read({ params: [id], accountId }: Call) {
    const [row] = isUuid(id)
      ? await database.query<AcceptanceRow>(`SELECT ${COLUMNS} FROM acceptances WHERE id = $1`, [id])
      : [];
    if (row?.adventurerId !== accountId) throw new Problem('not-found', 'No such acceptance of yours.');
    return jsonAnswer(200, row);
  }
}
