import { isId } from '../../solution/collection.ts';
import type { Store } from '../../solution/database.ts';
import { type Membership, Parties } from '../../solution/party.ts';
import { notFound, Problem } from '../../solution/problem.ts';

const MAX_QUESTS = 3;

/** Joins one by one: whoever joins holds the quest, and then the character, until the end of the transaction. */
export class LockingParties extends Parties {
  readonly #store: Store;

  constructor(store: Store) {
    super(store);
    this.#store = store;
  }

  override join(
    questId: string,
    characterId: string,
  ): Promise<{ readonly membership: Membership; readonly isNew: boolean }> {
    if (!isId(questId) || !isId(characterId)) throw notFound();
    const ids = [questId, characterId];
    return this.#store.transaction(async (client) => {
      // Always in this order, or two of them might wait for each other.
      const quests = await client.query<{ places: number }>('SELECT places FROM quests WHERE id = $1 FOR UPDATE', [
        questId,
      ]);
      const characters = await client.query('SELECT FROM characters WHERE id = $1 FOR UPDATE', [characterId]);
      const places = quests[0]?.places;
      if (places === undefined || characters.length === 0) throw notFound();
      const members = await client.query<{ character: string; joinedAt: Date }>(
        'SELECT character_id AS character, joined_at AS "joinedAt" FROM party_members WHERE quest_id = $1',
        [questId],
      );
      const own = members.find(({ character }) => character === characterId.toLowerCase());
      if (own !== undefined) return { membership: { questId, characterId, joinedAt: own.joinedAt }, isNew: false };
      const memberships = await client.query('SELECT FROM party_members WHERE character_id = $1', [characterId]);
      if (members.length >= places) throw new Problem('quest-full', 'Every place of the quest is taken.');
      if (memberships.length >= MAX_QUESTS) throw new Problem('character-busy', 'The character is on three quests.');
      const sql =
        'INSERT INTO party_members (quest_id, character_id) VALUES ($1, $2) RETURNING joined_at AS "joinedAt"';
      const [row] = await client.query<{ joinedAt: Date }>(sql, ids);
      return { membership: { questId, characterId, joinedAt: row?.joinedAt ?? new Date() }, isNew: true };
    });
  }
}
