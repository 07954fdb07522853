/** The Tavern's API. brief.md says what it must do; each TODO names the checkpoint that it is missing for. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';

// TODO(bad-settings): an invalid variable, or no database, ends the start with one line and an exit code other than 0.
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? '8080');

// TODO(database-gone): a database that is away is a 503 with Retry-After, and is used again as soon as it is back.
// TODO(database-stuck): no wait on the database is without a limit.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (error) => console.error(error.message));

// TODO(migrations): the schema is made, and taken back, by steps that are recorded; MIGRATE says which way.
await pool.query(
  `CREATE TABLE IF NOT EXISTS characters (
     id serial PRIMARY KEY, name text, class text, guild text, level integer, gold integer, bio text, born_on date)`,
);

const app = express();
// TODO(media-types): a body of another type, charset or coding is a 415.
// TODO(json-bodies): what is not JSON in UTF-8 is a 400, and JSON of every kind gets its answer.
// TODO(body-limit): a body that is too large is a 413, before all of it has come.
app.use(express.json());

app.post('/characters', async (request, response) => {
  // TODO(all-faults): all faults of a body are reported at once, each with its pointer.
  // TODO(unknown-fields): what is not known, or not for clients to set, is refused.
  // TODO(impossible-values): what the database cannot hold is refused before it gets there.
  const { name, class: profession, guild, level, gold, bio, bornOn } = request.body;
  // TODO(idempotency-key): a repeat with the same Idempotency-Key gets the first answer.
  // TODO(stored-answer): that answer is the stored one, whatever has become of what it tells of.
  // TODO(same-key-at-once): two at once have one effect.
  // TODO(lost-answer): effect and key are committed together.
  const { rows } = await pool.query(
    'INSERT INTO characters (name, class, guild, level, gold, bio, born_on) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *',
    [name, profession, guild, level, gold, bio, bornOn],
  );
  // TODO(create-and-read): 201 with Location and ETag, and the fields of the brief; quests in the same way.
  // TODO(round-trip): numbers, dates and text come back as they were sent.
  response.json(rows[0]);
});

// TODO(keyset-pages): a page begins behind the last row of the one before, and ends at its limit.
// TODO(forged-cursor): only cursors that were given out for this list are taken.
app.get('/characters', async (_, response) => {
  const { rows } = await pool.query('SELECT * FROM characters');
  response.json({ items: rows, nextCursor: null });
});

// TODO(not-modified): a client that has the current representation gets a 304.
app.get('/characters/:id', async (request, response) => {
  const { rows } = await pool.query('SELECT * FROM characters WHERE id = $1', [request.params.id]);
  response.json(rows[0]);
});

// TODO(replace-patch-delete): PUT, PATCH and DELETE of one.
// TODO(if-match): they need If-Match, compared strongly.
// TODO(check-order): what is wrong in two ways gets the answer to what the brief looks at first.
// TODO(lost-update): of two at once with the same tag, one succeeds.
// TODO(party): characters join and leave quests, within the places of the quest and three quests each.
// TODO(last-place): of two that take the last place at once, one gets it.
// TODO(retried-conflicts): what the database asks to repeat is repeated, and not for ever.
// TODO(routes): an unknown route is a 404, another method a 405 with Allow.
// TODO(problem-details): every error is a problem document, and tells nothing of your insides.
// TODO(document): /openapi.json describes every operation and every status.
// TODO(random-requests): no request makes it answer with a 5xx, or with something that is not in the document.

const server = createServer(app);
// TODO(unreadable-requests): what cannot be parsed gets a 400 or 431 as a problem document.
// TODO(slow-clients): a request that comes too slowly is a 408.
server.listen(port, host, () => console.log(`READY ${(server.address() as AddressInfo).port}`));

// TODO(graceful-stop): on SIGTERM requests under way are finished, and the exit code is 0.
// TODO(stop-deadline): that takes no longer than SHUTDOWN_TIMEOUT_MS.
