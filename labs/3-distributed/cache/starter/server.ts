/** The Tavern's quest board with a first cache. brief.md says what it must do; each TODO names its checkpoint. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { createClient } from 'redis';

// TODO(bad-settings): an invalid variable ends the start with one line and an exit code other than 0.
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? '8080');
const prefix = process.env.KEY_PREFIX ?? '';

// TODO(lifetimes): with ROLE=policy the program answers POLICY_INPUT, for states and lifetimes …
// TODO(early-chance): … and says "early" as often as the formula does.

// TODO(database-gone): without the database stale entries are served, and the rest is a 503 with Retry-After.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (error) => console.error(error.message));

// TODO(redis-stuck): no wait for Redis is without a limit, and after one in vain it is left alone for a while.
// TODO(redis-gone): a Redis that is away at the start, or goes later, is no reason not to serve.
const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(error.message));
redis.connect().catch((error: Error) => console.error(error.message));

/** Cache-aside, as everybody writes it first. */
async function cached<T>(key: string, load: () => Promise<T>): Promise<T> {
  // TODO(foreign-values): what is no entry is a miss.
  // TODO(format-version): neither is an entry of another CACHE_FORMAT one.
  const text = await redis.get(`${prefix}${key}`);
  // TODO(expired): an entry has a fresh time and a stale one.
  // TODO(early-refresh): some readers refresh early, behind their answer.
  if (text !== null) return JSON.parse(text) as T;
  // TODO(single-flight): of those who come while a load is under way, nobody else loads.
  // TODO(across-processes): nor does anybody in another process.
  // TODO(loader-dies): nobody waits for ever for a process that has died.
  const value = await load();
  // TODO(ttl-jitter): every key has an expiry, and not all the same.
  // TODO(too-large): what is too large is not kept.
  // TODO(redis-full): what Redis does not take is no error.
  // TODO(stale-fill): what was read before a write is not kept after it.
  // TODO(late-joiner): nor is it given to somebody who came after the write.
  await redis.set(`${prefix}${key}`, JSON.stringify(value));
  return value;
}

const app = express();
app.use(express.json());

app.get('/quests/:id', async (request, response) => {
  // TODO(read-through): the fields are those of the brief, and Cache-Status says where the answer is from.
  // TODO(negative): a quest that does not exist is remembered for a time of its own.
  // TODO(metrics): each read and each load is counted, and GET /metrics tells the counts.
  const quest = await cached(`quest:${request.params.id}`, async () => {
    const { rows } = await pool.query('SELECT id, title, reward, details FROM quests WHERE id = $1', [
      request.params.id,
    ]);
    return rows[0];
  });
  response.json(quest);
});

app.put('/quests/:id', async (request, response) => {
  // TODO(problems): what is wrong is refused as a problem document, and changes nothing.
  // TODO(after-commit): the commit comes first.
  // TODO(rolled-back): what is refused leaves the entries alone.
  await redis.del(`${prefix}quest:${request.params.id}`);
  const { title, reward, details } = request.body;
  // TODO(writes-show): the board and the leaderboard show what is written here, by DELETE and by claims.
  // TODO(lost-commit): a commit without an answer may have happened.
  // TODO(missed-invalidation): what Redis has missed is made up for.
  const { rows } = await pool.query(
    `INSERT INTO quests (id, title, reward, details) VALUES ($1, $2, $3, coalesce($4, ''))
     ON CONFLICT (id) DO UPDATE SET title = $2, reward = $3, details = coalesce($4, ''), version = quests.version + 1
     RETURNING *`,
    [request.params.id, title, reward, details],
  );
  response.json(rows[0]);
});

// TODO(leaderboard-order): by score and name, with shared ranks, in pages.
// TODO(leaderboard-claims): a claim changes the set in place.
// TODO(leaderboard-lost): a set that Redis has lost is rebuilt whole.
// TODO(leaderboard-race): a rebuild from before a claim is not kept.

const server = app.listen(port, host, () => console.log(`READY ${(server.address() as AddressInfo).port}`));
// TODO(graceful-stop): on SIGTERM requests under way are answered, and the exit code is 0.
