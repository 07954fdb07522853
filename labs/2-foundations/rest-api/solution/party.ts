import { isId } from './collection.ts';
import type { Queryable, Store } from './database.ts';
import { notFound, Problem } from './problem.ts';

/** On how many quests a character can be at once. */
const MAX_QUESTS = 3;

export interface Membership {
  readonly questId: string;
  readonly characterId: string;
  readonly joinedAt: Date;
}

interface Situation {
  readonly places: number | null;
  readonly exists: boolean;
  readonly taken: number;
  readonly busy: number;
}

const MEMBERSHIP = 'quest_id AS "questId", character_id AS "characterId", joined_at AS "joinedAt"';

/** Who is on which quest. */
export class Parties {
  readonly #database: Store;

  constructor(database: Store) {
    this.#database = database;
  }

  // #region join
  /**
   * Puts a character into the party of a quest, if neither the quest nor the character is full.
   *
   * Two of these may each see the last place free: they insert different rows, and no constraint compares those. Run
   * one by one they would not both succeed, so SERIALIZABLE lets only one of them commit; the other is run again, and
   * then sees the place taken.
   *
   * @throws Problem 404, 409
   */
  join(questId: string, characterId: string): Promise<{ readonly membership: Membership; readonly isNew: boolean }> {
    if (!isId(questId) || !isId(characterId)) throw notFound();
    const ids = [questId, characterId];
    return this.#database.transaction(async (client) => {
      const member = await select(client, questId, characterId);
      if (member !== undefined) return { membership: member, isNew: false };
      const [now] = await client.query<Situation>(
        `SELECT (SELECT places FROM quests WHERE id = $1) AS places,
                EXISTS (SELECT FROM characters WHERE id = $2) AS exists,
                (SELECT count(*) FROM party_members WHERE quest_id = $1) AS taken,
                (SELECT count(*) FROM party_members WHERE character_id = $2) AS busy`,
        ids,
      );
      if (now === undefined || now.places === null) throw notFound('No such quest.');
      if (!now.exists) throw notFound('No such character.');
      if (now.taken >= now.places) throw new Problem('quest-full', `All ${now.places} places of the quest are taken.`);
      if (now.busy >= MAX_QUESTS) throw new Problem('character-busy', `It is on ${now.busy} quests already.`);
      const sql = `INSERT INTO party_members (quest_id, character_id) VALUES ($1, $2) RETURNING ${MEMBERSHIP}`;
      const [membership] = await client.query<Membership & { questId: string }>(sql, ids);
      if (membership === undefined) throw new Error('an insertion returned no row');
      return { membership, isNew: true };
    });
  }
  // #endregion join

  /** @throws Problem 404 */
  async read(questId: string, characterId: string): Promise<Membership> {
    const member = isId(questId) && isId(characterId) ? await select(this.#database, questId, characterId) : undefined;
    if (member === undefined) throw notFound();
    return member;
  }

  /** @throws Problem 404 */
  async leave(questId: string, characterId: string): Promise<void> {
    if (!isId(questId) || !isId(characterId)) throw notFound();
    const sql = 'DELETE FROM party_members WHERE quest_id = $1 AND character_id = $2 RETURNING quest_id';
    const gone = await this.#database.query(sql, [questId, characterId]);
    if (gone.length === 0) throw notFound();
  }

  /** @throws Problem 404 */
  async list(questId: string): Promise<readonly Membership[]> {
    if (!isId(questId)) throw notFound();
    // One statement, one snapshot: a quest without members is a row of nulls, and no quest is no row.
    const sql = `SELECT ${MEMBERSHIP} FROM quests LEFT JOIN party_members ON quest_id = quests.id
                 WHERE quests.id = $1 ORDER BY joined_at, character_id`;
    const rows = await this.#database.query<Membership & { questId: string | null }>(sql, [questId]);
    if (rows.length === 0) throw notFound();
    return rows.filter(({ questId }) => questId !== null);
  }
}

async function select(client: Queryable, questId: string, characterId: string): Promise<Membership | undefined> {
  const sql = `SELECT ${MEMBERSHIP} FROM party_members WHERE quest_id = $1 AND character_id = $2`;
  const [row] = await client.query<Membership & { questId: string }>(sql, [questId, characterId]);
  return row;
}
