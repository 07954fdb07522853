import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/** A quest as the strategies keep it: what matters is which version it is. */
export interface Quest {
  readonly id: number;
  readonly version: number;
}

/** The database behind a cache: it counts its loads, and knows since when a version is old. */
export class Origin {
  loads = 0;
  /** The most loads of one key at the same time. */
  peakAlike = 0;
  readonly #pool: pg.Pool;
  readonly #costMs: number;
  readonly #loading = new Map<number, number>();
  /** When each version was replaced: `<id>:<version>` to a time. */
  readonly #replacedAt = new Map<string, number>();

  constructor(pool: pg.Pool, costMs: number) {
    this.#pool = pool;
    this.#costMs = costMs;
  }

  async load(id: number): Promise<Quest> {
    this.loads += 1;
    const alike = (this.#loading.get(id) ?? 0) + 1;
    this.#loading.set(id, alike);
    this.peakAlike = Math.max(this.peakAlike, alike);
    try {
      const { rows } = await this.#pool.query<Quest>('SELECT id, version FROM quests WHERE id = $1', [id]);
      // What a larger statement would take: joins, a sort, a colder disk. The row has been read before it.
      await delay(this.#costMs);
      const [quest] = rows;
      if (quest === undefined) throw new Error(`there is no quest ${id}`);
      return quest;
    } finally {
      this.#loading.set(id, (this.#loading.get(id) ?? 1) - 1);
    }
  }

  /** Commits a new version. */
  async write(id: number): Promise<Quest> {
    const sql = 'UPDATE quests SET version = version + 1 WHERE id = $1 RETURNING id, version';
    const { rows } = await this.#pool.query<Quest>(sql, [id]);
    const [quest] = rows;
    if (quest === undefined) throw new Error(`there is no quest ${id}`);
    this.#replacedAt.set(`${id}:${quest.version - 1}`, performance.now());
    return quest;
  }

  /** For how long the version had been replaced when a read that gives it began; 0 when it was the current one. */
  ageMs({ id, version }: Quest, begunAt: number): number {
    return Math.max(0, begunAt - (this.#replacedAt.get(`${id}:${version}`) ?? Number.POSITIVE_INFINITY));
  }
}
