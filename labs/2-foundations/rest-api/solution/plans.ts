import type { CollectionPlan } from './collection.ts';
import { Problem } from './problem.ts';

export const characters: CollectionPlan = {
  name: 'Character',
  path: '/characters',
  table: 'characters',
  columns: {
    name: 'name',
    class: 'class',
    guild: 'guild',
    level: 'level',
    gold: 'gold',
    bio: 'bio',
    bornOn: 'born_on',
  },
  sorts: { name: 'name', level: 'level' },
};

export const quests: CollectionPlan = {
  name: 'Quest',
  path: '/quests',
  table: 'quests',
  columns: {
    title: 'title',
    guild: 'guild',
    places: 'places',
    description: 'description',
    reward: 'reward',
    startsAt: 'starts_at',
  },
  sorts: { title: 'title', reward: 'reward' },
  instants: ['startsAt'],
  guard: async (client, id, { places }) => {
    const sql = 'SELECT count(*) AS taken FROM party_members WHERE quest_id = $1';
    const [row] = await client.query<{ taken: number }>(sql, [id]);
    if (Number(places) >= (row?.taken ?? 0)) return;
    throw new Problem('places-taken', `The party has ${row?.taken} members, more than ${places}.`);
  },
};
