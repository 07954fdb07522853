/** One service as a process of its own: `node service.ts <name>`, started and ended by the supervisor. */

import { accountRoutes } from './accounts/accounts.ts';
import { engagements } from './accounts/engagement.ts';
import { ACCOUNTS_TABLES } from './accounts/schema.ts';
import { Database } from './database.ts';
import { createDrill } from './drill.ts';
import { HttpServer } from './http/http-server.ts';
import { Problem } from './http/problem.ts';
import { dispatch, type Route } from './http/router.ts';
import { same } from './identity.ts';
import { createLog } from './log.ts';
import { Broker } from './messaging/broker.ts';
import { Inbox, type Subscriptions } from './messaging/inbox.ts';
import { Outbox } from './messaging/outbox.ts';
import { MESSAGING_TABLES } from './messaging/schema.ts';
import { topologyOf } from './messaging/topology.ts';
import { acceptanceRoutes } from './quests/acceptances.ts';
import { questRoutes } from './quests/quests.ts';
import { QUESTS_TABLES } from './quests/schema.ts';
import { settlements } from './quests/settlement.ts';
import { gifts } from './rewards/gifts.ts';
import { reservations } from './rewards/reservations.ts';
import { REWARDS_TABLES } from './rewards/schema.ts';
import { treasuryRoutes } from './rewards/treasuries.ts';
import { runService } from './run-service.ts';
import { receiveSettings } from './service-settings.ts';
import type { ServiceTools } from './service-tools.ts';

interface Definition {
  readonly tables: string;
  readonly routes: (tools: ServiceTools) => readonly Route[];
  readonly subscriptions: (tools: ServiceTools) => Subscriptions;
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  accounts: { tables: ACCOUNTS_TABLES, routes: accountRoutes, subscriptions: engagements },
  quests: {
    tables: QUESTS_TABLES,
    routes: (tools) => [...questRoutes(tools), ...acceptanceRoutes(tools)],
    subscriptions: settlements,
  },
  rewards: {
    tables: REWARDS_TABLES,
    routes: treasuryRoutes,
    subscriptions: (tools) => ({ ...gifts(), ...reservations(tools) }),
  },
};

const name = process.argv[2] ?? '';
const log = createLog(name);

await runService(log, async () => {
  const definition = DEFINITIONS[name];
  if (definition === undefined) throw new Error(`there is no service "${name}"`);
  const settings = receiveSettings();
  const drill = createDrill(settings.drillFolder, name);
  const plain = new Database(settings.databaseUrl, { log });
  await plain.transaction((client) => client.query(definition.tables + MESSAGING_TABLES));
  await plain.close();
  const database = new Database(settings.databaseUrl, { log, drill });
  const outbox = new Outbox({ service: name, database, drill, log });
  const tools = { database, outbox, settings };
  const inbox = new Inbox({ database, outbox, log, subscriptions: definition.subscriptions(tools) });
  const topology = topologyOf(settings.amqpPrefix);
  const broker = new Broker({ url: settings.amqpUrl, service: name, topology, inbox, outbox, drill, log });
  const routes = definition.routes(tools);
  const server = new HttpServer({
    host: settings.host,
    port: settings.port,
    log,
    // #region gateway-only
    answer: ({ headers, ...incoming }) => {
      // Who the client is has been found out at the edge. We believe it only of whoever knows the secret of this start.
      if (!same(String(headers['tavern-internal']), settings.internalSecret)) {
        throw new Problem('forbidden', 'Ask the gateway.');
      }
      return dispatch(routes, { ...incoming, params: [], accountId: String(headers['tavern-account'] ?? '') });
    },
    // #endregion gateway-only
  });
  const port = await server.listen();
  broker.start();
  return {
    port,
    stop: async () => {
      await server.stop();
      await broker.stop();
      await database.close();
    },
  };
});
