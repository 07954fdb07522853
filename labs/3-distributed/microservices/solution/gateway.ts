/** The one door of the system: finds out who asks, and which service knows. Started by the supervisor. */
import { readOffer } from './gateway/offer.ts';
import { createAsk } from './gateway/upstream.ts';
import { isUuid } from './http/body.ts';
import { HttpServer, type Incoming } from './http/http-server.ts';
import { Problem } from './http/problem.ts';
import { accountOf } from './identity.ts';
import { createLog } from './log.ts';
import { runService } from './run-service.ts';
import { receiveSettings } from './service-settings.ts';

// #region routing
/** By the first part of the path. */
const OWNERS: Readonly<Record<string, string>> = {
  accounts: 'accounts',
  sessions: 'accounts',
  quests: 'quests',
  acceptances: 'quests',
  treasuries: 'rewards',
  purses: 'rewards',
  offers: 'gateway',
};

/** Whoever has no account yet, or no token, may do this. */
const PUBLIC: readonly string[] = ['POST /accounts', 'POST /sessions'];
// #endregion routing

const log = createLog('gateway');

await runService(log, async () => {
  const settings = receiveSettings();
  const ask = createAsk(settings);

  // #region edge
  async function answer({ method, path, body, contentType, requestId, headers }: Incoming) {
    const [, first = '', second = '', ...rest] = path.split('/');
    const service = Object.hasOwn(OWNERS, first) ? OWNERS[first] : undefined;
    if (service === undefined) throw new Problem('not-found', 'There is no such route.');
    // Once, here: no service looks at a token again.
    const accountId = PUBLIC.includes(`${method} ${path}`) ? '' : accountOf(headers.authorization, settings.tokenKey);
    const signal = AbortSignal.timeout(settings.upstreamTimeoutMs); // one for the whole request
    if (service !== 'gateway') return ask({ service, method, path, body, contentType, accountId, requestId, signal });
    if (rest.length > 0) throw new Problem('not-found', 'There is no such route.');
    if (method !== 'GET') {
      throw new Problem('method-not-allowed', 'This path has other methods.', { headers: { Allow: 'GET' } });
    }
    if (!isUuid(second)) throw new Problem('not-found', 'No such quest.');
    return readOffer(ask, second, { accountId, requestId, signal });
  }
  // #endregion edge

  const server = new HttpServer({ host: settings.host, port: settings.port, log, answer });
  return { port: await server.listen(), stop: () => server.stop() };
});
