import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { jsonAnswer } from './http/answer.ts';
import { guildName, isUuid, readFields, text, whole } from './http/body.ts';
import { Problem } from './http/problem.ts';
import type { Call, Route } from './http/router.ts';

interface NewQuest {
  readonly title: string;
  readonly guild: string;
  readonly reward: number;
  readonly places: number;
}

export interface QuestRow extends NewQuest {
  readonly id: string;
  readonly taken: number;
}

const QUEST = { title: text(1, 120), guild: guildName, reward: whole(1, 1_000_000), places: whole(1, 20) };
const COLUMNS = 'id, title, guild, reward, places, taken';

export function questRoutes(database: Database): Route[] {
  return [
    { method: 'POST', path: '/quests', handler: create },
    { method: 'GET', path: '/quests/:id', handler: read },
    { method: 'GET', path: '/offers/:id', handler: readOffer },
  ];

  async function create({ body }: Call) {
    const { title, guild, reward, places } = readFields<NewQuest>(body, QUEST);
    const [quest] = await database.query<QuestRow>(
      `INSERT INTO quests (id, title, guild, reward, places) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
      [randomUUID(), title, guild, reward, places],
    );
    return jsonAnswer(201, quest, { Location: `/quests/${quest?.id}` });
  }

  async function read({ params: [id] }: Call) {
    const [quest] = isUuid(id)
      ? await database.query<QuestRow>(`SELECT ${COLUMNS} FROM quests WHERE id = $1`, [id])
      : [];
    if (quest === undefined) throw new Problem('not-found', 'No such quest.');
    return jsonAnswer(200, quest);
  }

  async function readOffer({ params: [id] }: Call) {
    const [offer] = isUuid(id)
      ? await database.query(
          `SELECT q.id AS "questId", q.title, q.reward, coalesce(t.gold >= q.reward, false) AS payable
           FROM quests q LEFT JOIN treasuries t USING (guild) WHERE q.id = $1`,
          [id],
        )
      : [];
    if (offer === undefined) throw new Problem('not-found', 'No such quest.');
    return jsonAnswer(200, offer);
  }
}
