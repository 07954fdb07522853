import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectExit, expectRefusedConnections } from '../../harness/program-end.ts';
import { connectTcp, type TcpClient } from '../../harness/tcp-client.ts';
import type { PostgresProxy } from './postgres-proxy.ts';
import { readRawReply } from './raw-reply.ts';
import { hero } from './tales.ts';
import { ownProxy, ownServer } from './tavern.ts';

const SHORT_MS = 600;
const LONG_MS = 30_000;
const SOON_MS = 3_000;

const BODY = JSON.stringify(hero());
const POST = `POST /characters HTTP/1.1\r\nHost: tavern\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const GET = 'GET /openapi.json HTTP/1.1\r\nHost: tavern\r\n\r\n';

/** A POST whose work waits for the database. */
async function underWay(server: Program, proxy: PostgresProxy): Promise<TcpClient> {
  proxy.freeze();
  const client = await connectTcp(server);
  await client.write(Buffer.from(POST));
  await pollUntil(
    () => proxy.frozenRequests,
    (count) => count > 0,
    {
      otherwise: () =>
        new CheckpointFailure({
          sent: 'POST /characters',
          expected: 'a request to the database',
          received: 'none',
          usually: 'creating a character does not use the database',
        }),
    },
  );
  return client;
}

export async function drainsRequests(): Promise<void> {
  await using proxy = await ownProxy();
  await using server = await ownServer({ SHUTDOWN_TIMEOUT_MS: String(LONG_MS) }, proxy.url);
  await using silent = await connectTcp(server); // accepted before the next one, which gets an answer
  await using idle = await connectTcp(server);
  await idle.write(Buffer.from(GET));
  const usually = 'the handler of SIGTERM ends the process with requests under way';
  await readRawReply(idle, { usually });
  await using busy = await underWay(server, proxy);
  server.kill('SIGTERM');
  await expectRefusedConnections(server, {
    sent: 'SIGTERM, then new connections',
    expected: 'new connections to be refused',
    usually: 'the listening socket stays open while the server waits for its requests: close it first',
    withinMs: SOON_MS,
  });
  await idle.waitForPeerEnd({
    sent: 'SIGTERM, while a connection waits for its next request',
    expected: 'that connection to end',
    usually: 'connections that are kept alive between two requests are waited for, and may stay for ever',
    withinMs: SOON_MS,
  });
  await silent.waitForPeerEnd({
    sent: 'SIGTERM, while a connection has not sent anything yet',
    expected: 'that connection to end',
    usually:
      'only connections that have had an answer are known to be idle; a load balancer opens some before it needs them',
    withinMs: SOON_MS,
  });
  proxy.pass();
  const sent = 'SIGTERM, while the work of a POST waits for the database; then the database answered';
  const reply = await readRawReply(busy, { sent, expected: 'the answer to the POST', usually });
  check(reply.status === 201, { sent, expected: 'status 201', received: `status ${reply.status}`, usually });
  check(reply.headers.connection?.toLowerCase() === 'close', {
    sent,
    expected: 'Connection: close with the last answer',
    received: 'no such header',
    usually: 'the client believes that it may send the next request on this connection (RFC 9112 §9.6)',
  });
  await expectExit(server, {
    sent: `SIGTERM with SHUTDOWN_TIMEOUT_MS=${LONG_MS}; then the last request was answered`,
    expected: 'exit code 0 as soon as the last answer is sent',
    usually: 'the server waits for connections that are kept alive, or the pool or a timer keeps the process alive',
    withinMs: SOON_MS,
  });
}

export async function stopsAtTheDeadline(): Promise<void> {
  await using proxy = await ownProxy();
  await using server = await ownServer({ SHUTDOWN_TIMEOUT_MS: String(SHORT_MS) }, proxy.url);
  await using _busy = await underWay(server, proxy);
  await using half = await connectTcp(server);
  await half.write(Buffer.from(POST.slice(0, -10)));
  const since = performance.now();
  server.kill('SIGTERM');
  const text = {
    sent: `SIGTERM with SHUTDOWN_TIMEOUT_MS=${SHORT_MS}, while one request waits for the database and one never comes whole`,
    expected: `exit code 0 once ${SHORT_MS} ms have passed`,
  };
  await expectExit(server, {
    ...text,
    usually: 'the stop waits for every request, and one of them never ends',
    withinMs: SHORT_MS + SOON_MS,
  });
  const elapsedMs = performance.now() - since;
  check(elapsedMs > SHORT_MS * 0.9, {
    ...text,
    received: `its exit after ${Math.round(elapsedMs)} ms`,
    usually: 'the server ends at once instead of letting requests finish in the time they have',
  });
}
