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
import { type Heard, topologyOf } from './messaging/topology.ts';
import { runService } from './run-service.ts';
import { receiveSettings } from './service-settings.ts';
import type { ServiceTools } from './service-tools.ts';

export interface Definition {
  readonly tables: string;
  readonly routes: (tools: ServiceTools) => readonly Route[];
  readonly subscriptions: (tools: ServiceTools) => Subscriptions;
}

/** Serves as one of the services until the supervisor ends it. */
export async function serveAs(
  name: string,
  definitions: Readonly<Record<string, Definition>>,
  heard?: Heard,
): Promise<void> {
  const log = createLog(name);
  await runService(log, async () => {
    const definition = definitions[name];
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
    const topology = topologyOf(settings.amqpPrefix, heard);
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
}
