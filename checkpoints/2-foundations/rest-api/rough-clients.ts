import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import { expectStatus } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { connectTcp, type TcpClient } from '../../harness/tcp-client.ts';
import { exchange } from './exchange.ts';
import { type RawReply, readRawReply } from './raw-reply.ts';
import { createErrand, createHero, hero, listPage } from './tales.ts';
import { ownServer, sharedServer } from './tavern.ts';

const HEADER_TIMEOUT_MS = 500;
const REQUEST_TIMEOUT_MS = 1_000;
const TRICKLE_EVERY_MS = 60;
/** The brief says: twice the time and a second. The rest is for a busy machine; who sets no limit waits longer. */
const slack = (ms: number): number => 2 * ms + 4_000;
/** Our own pauses overrun on a busy machine, and then the server is right to refuse: who serves, serves one of these. */
const HONEST_TRIES = 6;

const BODY = JSON.stringify(hero({ guild: 'Smugglers' }));
const HEAD = 'POST /characters HTTP/1.1\r\nHost: tavern\r\nContent-Type: application/json\r\n';
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** Sends `text` byte by byte until all is sent or the server has had enough. */
function trickle(client: TcpClient, text: string, everyMs: number): NodeJS.Timeout {
  let at = 0;
  const timer = setInterval(() => {
    if (client.peer !== 'open' || at >= text.length) clearInterval(timer);
    else client.socket.write(text[at++] ?? '');
  }, everyMs);
  return timer;
}

/** The same in length, of another guild: an honest client is among the slow ones. */
const SLOW_BODY = BODY.replace('Smugglers', 'Slowcoach');
const SLOW_WHOLE = WHOLE.replace(BODY, SLOW_BODY);

/** What each slow client sends at once, what byte by byte, how long it may take, and whether it gets an answer. */
const SLOW = [
  ['half of a header section, and then nothing', SLOW_WHOLE.slice(0, 40), '', HEADER_TIMEOUT_MS, true],
  ['a header section, byte by byte', '', SLOW_WHOLE, HEADER_TIMEOUT_MS, true],
  ['a header section and half of a body', SLOW_WHOLE.slice(0, -20), '', REQUEST_TIMEOUT_MS, true],
  ['a body, byte by byte', SLOW_WHOLE.slice(0, -60), `${SLOW_BODY.slice(-60)}`, REQUEST_TIMEOUT_MS, true],
  ['nothing at all', '', '', HEADER_TIMEOUT_MS, false],
] as const;

export async function givesUpOnSlowClients(): Promise<void> {
  await using server = await ownServer({
    HEADER_TIMEOUT_MS: String(HEADER_TIMEOUT_MS),
    REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
  });
  const usually =
    'nothing bounds how long a request may take to arrive, or every byte starts the time anew: a few hundred such clients hold every connection (Slowloris)';
  const slow = SLOW.map(async ([what, atOnce, slowly, limitMs, answered]) => {
    await using client = await connectTcp(server);
    const since = performance.now();
    if (atOnce !== '') await client.write(Buffer.from(atOnce));
    const timer = trickle(client, slowly, TRICKLE_EVERY_MS);
    const text = { sent: what, usually, withinMs: slack(limitMs) };
    try {
      if (answered) expectRefusal(await readRawReply(client, { ...text, expected: 'status 408' }), 408, text);
      await client.waitForPeerEnd({ ...text, expected: 'the connection to end' });
    } finally {
      clearInterval(timer);
    }
    const elapsedMs = performance.now() - since;
    check(elapsedMs > limitMs * 0.9, {
      sent: what,
      expected: `the time of ${limitMs} ms that it has`,
      received: `the end after ${Math.round(elapsedMs)} ms`,
      usually: 'the limit is another one than the brief names',
    });
  });
  const honest = servesSlowlyInTime(server);
  for (const result of await Promise.allSettled([...slow, honest]))
    if (result.status === 'rejected') throw result.reason;
}

/** In time, but not in one piece: a header section in three parts, and a body that takes longer than headers may. */
async function servesSlowlyInTime(server: Program): Promise<void> {
  const text = {
    sent: 'a request in pieces, each in time',
    expected: 'status 201',
    usually: 'the time for headers counts for the body as well',
    withinMs: slack(REQUEST_TIMEOUT_MS),
  };
  const pieces = [
    SLOW_WHOLE.slice(0, 30),
    SLOW_WHOLE.slice(30, 70),
    SLOW_WHOLE.slice(70, -SLOW_BODY.length),
    SLOW_BODY.slice(0, 10),
    SLOW_BODY.slice(10),
  ];
  for (let tried = 1; ; tried += 1) {
    await using client = await connectTcp(server);
    for (const piece of pieces) {
      await client.write(Buffer.from(piece));
      await new Promise((resolve) => setTimeout(resolve, REQUEST_TIMEOUT_MS / 8));
    }
    const { status } = await readRawReply(client, text);
    if (status === 201) break;
    check(status === 408 && tried < HONEST_TRIES, { ...text, received: `status ${status}` });
  }
  const other = await exchange(server, 'GET', '/openapi.json');
  expectStatus(other, 200, { usually: 'slow clients hold up the others' });
}

const chunked = (chunks: string) => `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunks}`;
const chunk = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;

/** Bytes that are no request, or two different ones depending on who reads them. */
const LIES: readonly (readonly [what: string, bytes: string | Buffer])[] = [
  ['no HTTP', 'HELLO TAVERN\r\n\r\n'],
  ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
  ['an unknown version', 'GET /openapi.json HTTP/9.9\r\nHost: tavern\r\n\r\n'],
  ['no Host', 'GET /openapi.json HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET /openapi.json HTTP/1.1\r\nHost: tavern\r\nHost: cellar\r\n\r\n'],
  ['a space in a header name', 'GET /openapi.json HTTP/1.1\r\nHost: tavern\r\nBad Name: x\r\n\r\n'],
  ['NUL in a header', 'GET /openapi.json HTTP/1.1\r\nHost: tavern\r\nX: a\0b\r\n\r\n'],
  [
    'Content-Length and Transfer-Encoding',
    `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
  ],
  ['two different Content-Length', `${HEAD}Content-Length: ${BODY.length}\r\nContent-Length: 5\r\n\r\n${BODY}`],
  ['a negative Content-Length', `${HEAD}Content-Length: -1\r\n\r\n${BODY}`],
  ['a Content-Length that is no number', `${HEAD}Content-Length: ${BODY.length}x\r\n\r\n${BODY}`],
  ['a chunk size that is no number', chunked(`zz\r\n${BODY}\r\n0\r\n\r\n`)],
  ['a chunk size of 68 bits', chunked(`fffffffffffffffff\r\n${BODY}`)],
  ['a chunk that is longer than it says', chunked(`5\r\n${BODY}\r\n0\r\n\r\n`)],
  ['a second chunk that is none', chunked(`${chunk}-5\r\nhello\r\n0\r\n\r\n`)],
];

export async function refusesUnreadableRequests(): Promise<void> {
  const server = await sharedServer();
  const usually =
    'what the parser refuses is left without an answer, or is taken for something else: two readers of one stream must agree where a request ends (RFC 9112 §11.2)';
  for (const [what, bytes] of LIES)
    await expectRefused(server, { what, bytes: Buffer.from(bytes), status: 400, usually });
  const flood =
    'the header section is kept in memory however large it gets, or refused without an answer (RFC 6585 §5)';
  const many = Array.from({ length: 4_000 }, (_, i) => `X-Flood-${i}: ${'x'.repeat(10)}\r\n`).join('');
  for (const [what, headers] of [
    ['4,000 headers', many],
    ['a header of 100,000 bytes', `X-Flood: ${'x'.repeat(100_000)}\r\n`],
  ] as const) {
    const bytes = Buffer.from(`GET /openapi.json HTTP/1.1\r\nHost: tavern\r\n${headers}\r\n`);
    await expectRefused(server, { what, bytes, status: 431, usually: flood });
  }
  // A body that ends before its end: nothing may come of it.
  for (const cut of [`${WHOLE.slice(0, -3)}`, chunked(chunk), chunked(chunk.slice(0, -9))]) {
    await using client = await connectTcp(server);
    await client.write(Buffer.from(cut));
    client.end();
    await client.waitForPeerEnd({
      sent: 'a body that is cut off, and a FIN',
      usually: 'the server waits for a body whose sender has gone',
    });
    if (client.receivedCount > 0) {
      const reply = await readRawReply(client, { usually });
      expectRefusal(reply, 400, { sent: 'a body that is cut off, and a FIN', usually });
    }
  }
  const { items } = await listPage(server, '/characters', { guild: 'Smugglers', limit: '100' });
  check(items.length === 0, {
    sent: 'requests that cannot be read, or not to their end',
    expected: 'no character to come of them',
    received: `${items.length} characters`,
    usually: 'a part of a body is taken for the whole',
  });
  await expectNothingOfHalfARequest(server);
  // Ordinary requests, split and merged.
  await using client = await connectTcp(server);
  const get = 'GET /openapi.json HTTP/1.1\r\nHost: tavern\r\n\r\n';
  for (const byte of get) await client.write(Buffer.from(byte));
  await client.write(Buffer.from(get + get));
  for (let i = 0; i < 3; i += 1) {
    const text = {
      sent: 'one GET byte by byte, then two in one write',
      expected: 'three answers',
      usually: 'requests are cut by what arrives together',
    };
    const { status } = await readRawReply(client, text);
    check(status === 200, { ...text, received: `status ${status}` });
  }
}

const READS_MEANWHILE = 50;
/** So that the server has connections to its database open, and none of the work that follows begins with one. */
const READS_BEFORE = 10;

/** Operations that have no use for a body wait for its end all the same: what is cut off is no request. */
async function expectNothingOfHalfARequest(server: Program): Promise<void> {
  const [one, quest] = await Promise.all([createHero(server), createErrand(server)]);
  const member = `${quest.path}/party/${one.id}`;
  await Promise.all(Array.from({ length: READS_BEFORE }, () => exchange(server, 'GET', one.path)));
  for (const [method, path, status] of [
    ['DELETE', one.path, 200],
    ['PUT', member, 404],
  ] as const) {
    await using client = await connectTcp(server);
    const head = `${method} ${path} HTTP/1.1\r\nHost: tavern\r\nIf-Match: *\r\nContent-Length: 10\r\n\r\n`;
    await client.write(Buffer.from(`${head}abc`));
    const usually = 'an operation that needs no body does not wait for its end, and acts on half of a request';
    const sent = `${method} ${path} with Content-Length: 10, three bytes and a FIN`;
    const expectNoEffect = async (): Promise<void> =>
      expectStatus(await exchange(server, 'GET', path), status, {
        expected: `status ${status}: a ${method} whose body is cut off has no effect`,
        usually,
      });
    // Whoever does not wait for the body has its work done while so many others are answered.
    for (let i = 0; i < READS_MEANWHILE; i += 1) await expectNoEffect();
    client.end();
    await client.waitForPeerEnd({ sent, usually });
    if (client.receivedCount > 0) expectRefusal(await readRawReply(client, { sent, usually }), 400, { sent, usually });
    await expectNoEffect();
  }
}

interface Lie {
  readonly what: string;
  readonly bytes: Buffer;
  readonly status: number;
  readonly usually: string;
}

async function expectRefused(server: Program, { what, bytes, status, usually }: Lie): Promise<void> {
  await using client = await connectTcp(server);
  await client.write(bytes).catch(() => {});
  const text = { sent: what, usually, withinMs: deadlineMs(3_000) };
  const reply = await readRawReply(client, { ...text, expected: `status ${status} for ${what}` });
  expectRefusal(reply, status, text);
  await client.waitForPeerEnd({ ...text, expected: `the connection to end after status ${status} for ${what}` });
}

function expectRefusal(reply: RawReply, status: number, { sent, usually }: { sent: string; usually: string }): void {
  const type = reply.headers['content-type'] ?? 'no Content-Type';
  if (reply.status === status && type.startsWith('application/problem+json')) return;
  fail({
    sent,
    expected: `status ${status} as application/problem+json for ${sent}`,
    received: `status ${reply.status}, ${type}`,
    usually,
    details: [`the body: ${reply.text.slice(0, 200)}`],
  });
}
