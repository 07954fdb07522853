import { randomUUID } from 'node:crypto';
import { jsonAnswer } from '../http/answer.ts';
import { guildName, isUuid, readFields, text, whole } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import type { Call, Route } from '../http/router.ts';
import type { ServiceTools } from '../service-tools.ts';

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

export function questRoutes({ database }: ServiceTools): Route[] {
  return [
    { method: 'POST', path: '/quests', handler: create },
    { method: 'GET', path: '/quests/:id', handler: read },
  ];

  async function create({ body }: Call) {
    const { title, guild, reward, places } = readFields<NewQuest>(body, QUEST);
    const [quest] = await database.transaction((client) =>
      client.query<QuestRow>(
        `INSERT INTO quests (id, title, guild, reward, places) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
        [randomUUID(), title, guild, reward, places],
      ),
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
}
