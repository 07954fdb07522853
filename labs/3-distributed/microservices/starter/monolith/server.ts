/** The Tavern before the split: one process, one schema, one transaction. Start it with `DATABASE_URL=… node server.ts`. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { acceptanceRoutes } from './acceptances.ts';
import { accountRoutes } from './accounts.ts';
import { Database } from './database.ts';
import { HttpServer, type Incoming } from './http/http-server.ts';
import { Problem } from './http/problem.ts';
import { dispatch } from './http/router.ts';
import { accountOf } from './identity.ts';
import { createLog } from './log.ts';
import { questRoutes } from './quests.ts';
import { TABLES } from './schema.ts';
import { treasuryRoutes } from './treasuries.ts';

const RESOURCES = ['accounts', 'sessions', 'quests', 'acceptances', 'treasuries', 'purses', 'offers'];
const PUBLIC: readonly string[] = ['POST /accounts', 'POST /sessions'];

const log = createLog('monolith');
const tokenKey = randomBytes(32).toString('hex');
const database = new Database(process.env.DATABASE_URL ?? '', log);
const routes = [
  ...accountRoutes(database, tokenKey),
  ...questRoutes(database),
  ...acceptanceRoutes(database),
  ...treasuryRoutes(database),
];

function answer({ headers, ...incoming }: Incoming) {
  const { method, path } = incoming;
  if (!RESOURCES.includes(path.split('/')[1] ?? '')) throw new Problem('not-found', 'There is no such route.');
  const accountId = PUBLIC.includes(`${method} ${path}`) ? '' : accountOf(headers.authorization, tokenKey);
  return dispatch(routes, { ...incoming, params: [], accountId });
}

const server = new HttpServer({
  host: process.env.HOST || '127.0.0.1',
  port: Number(process.env.PORT || '8080'),
  log,
  answer: async (incoming) => answer(incoming),
});

try {
  await database.transaction((client) => client.query(TABLES));
  process.stdout.write(`READY ${await server.listen()}\n`);
} catch (error) {
  log.error({ message: (error as Error).message }, 'cannot-start');
  process.exit(1);
}
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
await server.stop();
await database.close();
process.exit(0);
