import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf } from '../../harness/http-exchange.ts';
import { connectTcp } from '../../harness/tcp-client.ts';
import { exchange } from './exchange.ts';
import { readRawReply } from './raw-reply.ts';
import { createHero, hero } from './tales.ts';
import { sharedServer } from './tavern.ts';

const LIMIT_BYTES = 65_536;
const WHOLE = JSON.stringify(hero());
const DEEP = 20_000;

/** Each JSON text or near miss, and what it gets. */
const BODIES: readonly (readonly [what: string, body: string | Uint8Array, status: 201 | 400 | 422])[] = [
  ['no body', '', 400],
  ['only white space', ' \n\t', 400],
  ['an object that is cut off', WHOLE.slice(0, -1), 400],
  ['something after the end', `${WHOLE} x`, 400],
  ['two texts', `${WHOLE}${WHOLE}`, 400],
  ['a comment', `${WHOLE} // done`, 400],
  ['a trailing comma', WHOLE.replace('}', ',}'), 400],
  ['single quotes', WHOLE.replaceAll('"', "'"), 400],
  ['NaN', WHOLE.replace('3}', 'NaN}'), 400],
  ['a number with a leading zero', WHOLE.replace('3}', '03}'), 400],
  ['a raw line end inside a string', WHOLE.replace('Brida', 'Bri\nda'), 400],
  ['a byte that is not UTF-8', Buffer.from(WHOLE.replace('Brida', 'Br\u00efda'), 'latin1'), 400],
  ['a byte order mark', `\ufeff${WHOLE}`, 400],
  ['UTF-16', Buffer.from(WHOLE, 'utf16le'), 400],
  ['brackets that never close', '['.repeat(DEEP), 400],
  ['null', 'null', 422],
  ['true', 'true', 422],
  ['a number', '42', 422],
  ['a string', '"Brida"', 422],
  ['an array', `[${WHOLE}]`, 422],
  ['an empty object', '{}', 422],
  ['deep nesting', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, 422],
  ['deep nesting in a field', WHOLE.replace('"Brida"', `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`), 422],
  ['white space around it', `\r\n\t ${WHOLE} \n`, 201],
  ['escapes', WHOLE.replace('Brida', '\\u0042r\\u0069da\\/'), 201],
];

export async function readsOnlyJson(): Promise<void> {
  const server = await sharedServer();
  for (const [what, body, status] of BODIES) {
    const reply = await exchange(server, 'POST', '/characters', { body });
    expectStatus(reply, status, {
      expected: `status ${status} for ${what}`,
      usually:
        status === 422
          ? 'JSON that is no object is JSON all the same: it is the schema that refuses it'
          : status === 400
            ? 'the parser is more lenient than RFC 8259, or its error is not turned into a 400'
            : 'the parser is stricter than RFC 8259',
    });
  }
  const twice = await exchange(server, 'POST', '/characters', { body: WHOLE.replace('{', '{"name":"First",') });
  expectStatus(twice, 201, { usually: 'of members with the same name the brief lets the last one count' });
  check(jsonOf(twice).name === 'Brida', {
    sent: twice.sent,
    expected: 'the last of two members with the same name to count',
    received: 'another one',
    usually: 'a parser of your own, or one that keeps the first',
  });
  const { path, tag } = await createHero(server);
  for (const body of ['null', '[]', '"x"']) {
    const reply = await exchange(server, 'PATCH', path, { body, headers: { 'if-match': tag } });
    expectStatus(reply, 422, { usually: 'a patch that is no object is merged as if it were an empty one' });
  }
}

export async function boundsBodies(): Promise<void> {
  const server = await sharedServer();
  const padded = (bytes: number) => WHOLE.padEnd(bytes, ' ');
  const usually = 'the limit is off by a bit, or counts characters instead of bytes';
  expectStatus(await exchange(server, 'POST', '/characters', { body: padded(LIMIT_BYTES) }), 201, { usually });
  expectStatus(await exchange(server, 'POST', '/characters', { body: padded(LIMIT_BYTES + 1) }), 413, { usually });

  const head = 'POST /characters HTTP/1.1\r\nHost: tavern\r\nContent-Type: application/json\r\n';
  const early = 'the body is read to its end, or as far as it comes, before anybody looks at its size';
  const piece = Buffer.alloc(16_384, ' ');
  {
    await using client = await connectTcp(server);
    await client.write(Buffer.from(`${head}Content-Length: 10000000\r\n\r\n`));
    await client.write(piece);
    const sent = 'Content-Length: 10000000, 16,384 bytes of it, and then nothing more';
    const reply = await readRawReply(client, { sent, expected: 'status 413 at once', usually: early });
    check(reply.status === 413, { sent, expected: 'status 413', received: `status ${reply.status}`, usually: early });
  }
  {
    await using client = await connectTcp(server);
    await client.write(Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`));
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    for (let i = 0; i < 6; i += 1) await client.write(chunk);
    const sent = 'a chunked body of 98,304 bytes so far, without an end';
    const reply = await readRawReply(client, { sent, expected: 'status 413 at once', usually: early });
    check(reply.status === 413, { sent, expected: 'status 413', received: `status ${reply.status}`, usually: early });
  }
  {
    await using client = await connectTcp(server);
    const sent = '10 MB in one go, and only then began to read';
    void client.write(Buffer.from(`${head}Content-Length: 10000000\r\n\r\n`)).catch(() => {});
    await client.write(Buffer.alloc(10_000_000, ' ')).catch(() => {});
    const lost =
      'the connection is closed with bytes unread, which resets it, and the answer is lost on its way (RFC 9112 §9.6)';
    const reply = await readRawReply(client, {
      sent,
      expected: 'status 413, and to be able to read it',
      usually: lost,
    });
    check(reply.status === 413, { sent, expected: 'status 413', received: `status ${reply.status}`, usually: lost });
  }
  const after = await exchange(server, 'POST', '/characters', { body: WHOLE });
  expectStatus(after, 201, { usually: 'a refused body leaves something behind' });
}
