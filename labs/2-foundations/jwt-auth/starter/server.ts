/** Accounts and tokens for Tavern. brief.md says what it must do; each TODO names the checkpoint that it is missing for. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { importJWK, type JWK, SignJWT } from 'jose';
import { Pool } from 'pg';
import { signedIn } from './signed-in.ts';

// TODO(bad-settings): what is missing or wrong ends the start with one line that names it, and with no secret in it.
// TODO(rotation): the file is read again every KEYS_RELOAD_MS; every key in it verifies, and the first one signs.
const { keys } = JSON.parse(await readFile(process.env.KEYS_FILE ?? '', 'utf8')) as { keys: JWK[] };
const issuer = process.env.ISSUER || 'https://accounts.tavern.example';
const audience = process.env.AUDIENCE || 'https://api.tavern.example';

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
await pool.query(`
  create table if not exists accounts (
    id uuid primary key,
    username text not null unique,
    password_hash text not null,
    role text not null default 'player'
  );
  create table if not exists sessions (refresh_token text primary key, account_id uuid not null references accounts);
`);

const app = express();
app.use(express.json());

app.post('/accounts', async (req, res) => {
  // TODO(register): the body has username and password, both texts, and nothing else; the answer is a profile.
  // TODO(names): every spelling of a name is brought to one form, and what is no name is refused.
  // TODO(password-bounds): 12 to 128 characters, and every one of them counts.
  const { username, password, ...rest } = req.body;
  // TODO(password-storage): the hash is Argon2id, in PHC string format, with a salt of its own.
  const { rows } = await pool.query(
    'insert into accounts (id, username, password_hash, role) values ($1, $2, $3, $4) returning *',
    [randomUUID(), username, sha256(password), rest.role ?? 'player'],
  );
  res.status(201).json(rows[0]);
});

app.post('/sessions', async (req, res) => {
  // TODO(account-limit): guesses at one account are limited, and the owner is not locked out.
  // TODO(address-limit): so are those from one address, by X-Forwarded-For as far as PROXY_HOPS trusts it.
  // TODO(limit-passes): after LOGIN_WINDOW_MS there is room again.
  // TODO(crowd): at most 64 passwords are under way or waiting.
  const { rows } = await pool.query('select * from accounts where username = $1', [req.body.username]);
  // TODO(log-in): a wrong password and an unknown user get the same problem document, and the tokens no cache.
  // TODO(equal-time): and both take the same time.
  if (rows.length === 0) return res.status(401).json({ error: 'no such user' });
  if (rows[0].password_hash !== sha256(req.body.password)) return res.status(401).json({ error: 'wrong password' });
  // TODO(rehash): a hash with weaker parameters than today's is replaced here.
  // TODO(secrets): no password and no token is logged.
  console.error('log-in', req.body.username, req.body.password);
  res.json(await issue(rows[0].id));
});

app.post('/sessions/refresh', async (req, res) => {
  // TODO(refresh): the token is exchanged for another one, and only its hash is stored.
  // TODO(same-moment): two at the same moment get the same successor, and so does who comes within REFRESH_GRACE_MS.
  // TODO(reuse): an old token that comes later ends the session.
  // TODO(session-lifetime): the session ends REFRESH_TTL_MS after its log-in.
  const { rows } = await pool.query('select * from sessions where refresh_token = $1', [req.body.refresh_token]);
  if (rows.length === 0) return res.status(401).json({ error: 'unknown token' });
  res.json(await issue(rows[0].account_id, req.body.refresh_token));
});

// TODO(log-out): POST /sessions/log-out ends the session of the token, and no other.
// TODO(jwks): GET /.well-known/jwks.json shows the public parts of the keys.
// TODO(unknown-kid): and tokens with unknown keys do not make the server read them again.

app.get('/accounts/me', signedIn, async (_req, res) => {
  // TODO(who-am-i): only the Authorization header counts, and every 401 has the right challenge.
  const { rows } = await pool.query('select id, username, role from accounts where id = $1', [res.locals.claims.sub]);
  res.json(rows[0]);
});

app.get('/accounts', signedIn, async (_req, res) => {
  // TODO(roles): for wardens only; 401 and 403 are two things.
  const { rows } = await pool.query('select id, username, role from accounts');
  res.json({ accounts: rows });
});

// TODO(problems): every error is a problem document, those of Express included.
// TODO(outage): without the database the answer is 503, and the server lives on.

async function issue(accountId: string, refreshToken: string = randomUUID()) {
  await pool.query('insert into sessions values ($1, $2) on conflict do nothing', [refreshToken, accountId]);
  const [key] = keys;
  // TODO(access-token): all that the brief has in its header and in its claims.
  const token = await new SignJWT({ sub: accountId, iss: issuer, aud: audience })
    .setProtectedHeader({ alg: key?.alg ?? 'ES256' })
    .setExpirationTime('5m')
    .sign(await importJWK(key ?? { kty: 'EC' }));
  return { access_token: token, token_type: 'Bearer', refresh_token: refreshToken };
}

function sha256(text: unknown): string {
  return createHash('sha256').update(String(text)).digest('hex');
}

const server = app.listen(Number(process.env.PORT ?? '7021'), process.env.HOST ?? '127.0.0.1');
await once(server, 'listening');
console.log(`READY ${(server.address() as AddressInfo).port}`);
// TODO(stop): SIGTERM ends it when the requests under way have their answers.
