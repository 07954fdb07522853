import type { CacheAside, Read } from './cache-aside.ts';
import type { Database, Query } from './database.ts';
import { DatabaseUnavailable } from './database.ts';
import type { Leaderboard } from './leaderboard.ts';
import { Problem } from './problem.ts';
import type { RedisStore } from './redis-store.ts';

export interface Quest {
  readonly id: number;
  readonly title: string;
  readonly reward: number;
  readonly details: string;
  readonly claimedBy: string | null;
  readonly version: number;
}

export type QuestFields = Pick<Quest, 'title' | 'reward' | 'details'>;

export interface QuestsOptions {
  readonly database: Database;
  readonly store: RedisStore;
  readonly quests: CacheAside<Quest>;
  readonly board: CacheAside<readonly Quest[]>;
  readonly leaderboard: Leaderboard;
}

const COLUMNS = 'id, title, reward, details, claimed_by AS "claimedBy", version';
const BOARD_SIZE = 10;
const BOARD_KEY = 'board';
const keyOf = (id: number): string => `quest:${id}`;

/** The quests and their board: read through the cache, written to the database, and the cache told afterwards. */
export class Quests {
  readonly #options: QuestsOptions;

  constructor(options: QuestsOptions) {
    this.#options = options;
  }

  // #region read-quest
  read(id: number): Promise<Read<Quest>> {
    const { database, quests } = this.#options;
    return quests.read(keyOf(id), async () => {
      const [quest] = await database.query<Quest>(`SELECT ${COLUMNS} FROM quests WHERE id = $1`, [id]);
      return quest ?? null;
    });
  }
  // #endregion read-quest

  readBoard(): Promise<Read<readonly Quest[]>> {
    const { database, board } = this.#options;
    return board.read(BOARD_KEY, () =>
      database.query<Quest>(
        `SELECT ${COLUMNS} FROM quests WHERE claimed_by IS NULL ORDER BY reward DESC, id LIMIT ${BOARD_SIZE}`,
      ),
    );
  }

  /** Creates or replaces a quest. */
  async write(id: number, { title, reward, details }: QuestFields): Promise<{ quest: Quest; created: boolean }> {
    const [row] = await this.#write(id, (query) =>
      query<Quest & { created: boolean }>(
        `INSERT INTO quests AS q (id, title, reward, details) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET title = $2, reward = $3, details = $4, version = q.version + 1
         RETURNING ${COLUMNS}, xmax = 0 AS created`,
        [id, title, reward, details],
      ),
    );
    if (row === undefined) throw new Error('an upsert returned no row');
    const { created, ...quest } = row;
    return { quest, created };
  }

  async remove(id: number): Promise<void> {
    await this.#write(id, async (query) => {
      const gone = await query('DELETE FROM quests WHERE id = $1 RETURNING id', [id]);
      if (gone.length === 0) throw new Problem('not-found', 'There is no such quest.');
    });
  }

  /** @returns the adventurer's score with the reward in it. */
  async claim(id: number, adventurer: string): Promise<{ quest: Quest; score: number }> {
    const { leaderboard } = this.#options;
    try {
      const claimed = await this.#write(id, async (query) => {
        const claim = `UPDATE quests SET claimed_by = $2, version = version + 1
                       WHERE id = $1 AND claimed_by IS NULL RETURNING ${COLUMNS}`;
        const [quest] = await query<Quest>(claim, [id, adventurer]);
        if (quest === undefined) throw await this.#whyNot(query, id);
        const reward = `INSERT INTO adventurers AS a (name, score) VALUES ($1, $2)
                        ON CONFLICT (name) DO UPDATE SET score = a.score + $2 RETURNING score`;
        const [row] = await query<{ score: string }>(reward, [adventurer, quest.reward]);
        return { quest, score: Number(row?.score) };
      });
      await leaderboard.raise(adventurer, claimed.score);
      return claimed;
    } catch (error) {
      if (error instanceof DatabaseUnavailable) await leaderboard.invalidate();
      throw error;
    }
  }

  async #whyNot(query: Query, id: number): Promise<Problem> {
    const [quest] = await query('SELECT id FROM quests WHERE id = $1', [id]);
    return quest === undefined
      ? new Problem('not-found', 'There is no such quest.')
      : new Problem('quest-claimed', 'Somebody was quicker.');
  }

  // #region write
  /** Commits first and invalidates then: whoever loads between the two loads what is committed, or loses its lease. */
  async #write<T>(id: number, work: (query: Query) => Promise<T>): Promise<T> {
    const { database, store, quests, board } = this.#options;
    const invalidate = async (): Promise<void> => {
      quests.forget(keyOf(id));
      board.forget(BOARD_KEY);
      await store.invalidate([keyOf(id), BOARD_KEY]);
    };
    let result: T;
    try {
      result = await database.transaction(work);
    } catch (error) {
      // A commit without an answer may have happened. What was rolled back for certain leaves the entries alone.
      if (error instanceof DatabaseUnavailable) await invalidate();
      throw error;
    }
    await invalidate();
    return result;
  }
  // #endregion write
}
