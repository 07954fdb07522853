import { check, fail } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Reply, statusOf } from '../../harness/http-exchange.ts';
import type { Program } from '../../harness/program.ts';
import { exchange } from './exchange.ts';
import { errand, type Fields, hero, listPage, tagOf, writeIf } from './tales.ts';
import { proxiedServer, sharedServer } from './tavern.ts';

function post(server: Program, path: string, key: string, json: Fields): Promise<Reply> {
  return exchange(server, 'POST', path, { json, headers: { 'idempotency-key': key } });
}

async function expectCount(
  server: Program,
  guild: string,
  count: number,
  sent: string,
  usually: string,
): Promise<void> {
  const { items } = await listPage(server, '/characters', { guild });
  check(items.length === count, {
    sent,
    expected: `${count === 1 ? 'one character' : `${count} characters`} in the list`,
    received: `${items.length}`,
    usually,
  });
}

/** Fails unless `again` is the first answer once more. */
function expectReplay(first: Reply, again: Reply, usually: string): void {
  expectStatus(again, first.status, { usually });
  const names = ['location', 'etag', 'content-type'] as const;
  const different = [
    ...names.filter((name) => again.headers[name] !== first.headers[name]),
    ...(again.text === first.text ? [] : ['body']),
  ];
  check(different.length === 0, {
    sent: `${again.sent}, a second time`,
    expected: 'the first answer once more: status, Location, ETag, Content-Type and body',
    received: `another ${different.join(' and ')}`,
    usually,
    details: [...first.details, ...again.details],
  });
  check(again.headers['idempotency-replayed'] === 'true', {
    sent: `${again.sent}, a second time`,
    expected: 'Idempotency-Replayed: true',
    received: 'no such header',
    usually: 'the repeat is not marked, or was not recognized as one',
  });
}

export async function repeatsTheFirstAnswer(): Promise<void> {
  const server = await sharedServer();
  const guild = 'Repeaters';
  const json = hero({ guild });
  const first = await post(server, '/characters', 'repeat-1', json);
  expectStatus(first, 201, { usually: 'a request with a key fails, which without one would not' });
  check(first.headers['idempotency-replayed'] === undefined, {
    sent: first.sent,
    expected: 'no Idempotency-Replayed on the first answer',
    received: 'one',
    usually: 'the header is set whenever there is a key',
  });
  const again = await post(server, '/characters', 'repeat-1', json);
  expectReplay(first, again, 'the repeat is done once more, or gets an answer of its own');
  const sent = 'the same POST with the same key, twice';
  await expectCount(server, guild, 1, sent, 'the repeat is done once more');

  const { program: other } = await proxiedServer();
  const elsewhere = await post(other, '/characters', 'repeat-1', json);
  expectReplay(
    first,
    elsewhere,
    'keys are kept in the memory of one process: another one, or the next start, knows none of them',
  );
  await expectCount(
    server,
    guild,
    1,
    'the same POST with the same key, to another process',
    'the repeat is done once more',
  );

  for (const changed of [hero({ guild, level: 4 }), { ...json, bio: '' }]) {
    const reply = await post(server, '/characters', 'repeat-1', changed);
    expectStatus(reply, 422, {
      usually: 'the key alone is compared: somebody with another request gets the answer to this one',
    });
    check(statusOf(reply).includes('key-reused'), {
      sent: reply.sent,
      expected: 'a problem of type key-reused',
      received: statusOf(reply),
      usually: 'the 422 is one of the schema',
    });
  }
  const spaced = await exchange(server, 'POST', '/characters', {
    body: `${JSON.stringify(json)} `,
    headers: { 'idempotency-key': 'repeat-1' },
  });
  expectStatus(spaced, 422, {
    expected: 'status 422 for the same JSON with a space behind it: a repeat is the same byte by byte',
    usually: 'what the JSON means is compared, and a number or a member that your parser drops makes no difference',
  });
  const elsewhere2 = await post(server, '/quests', 'repeat-1', errand({ guild }));
  expectStatus(elsewhere2, 422, { usually: 'the key is bound to the body but not to the path' });

  const wrong = await post(server, '/characters', 'repeat-2', { ...json, level: 0 });
  expectStatus(wrong, 422, { usually: 'an invalid body is let through' });
  const mended = await post(server, '/characters', 'repeat-2', json);
  expectStatus(mended, 201, { usually: 'a request that failed has used the key up, though it had no effect' });
  for (const key of ['', 'two words', 'ü', 'x'.repeat(129)]) {
    const reply = await exchange(server, 'POST', '/characters', {
      json,
      headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
    });
    expectStatus(reply, 400, { usually: 'a key that is none is ignored, and the repeat has a second effect' });
  }
}

/** The first answer is given once more, whatever has become of what it tells of. */
export async function keepsTheFirstAnswer(): Promise<void> {
  const server = await sharedServer();
  const guild = 'Keepers';
  for (const [path, body] of [
    ['/characters', hero({ guild })],
    ['/quests', errand({ guild })],
  ] as const) {
    const repeat = (): Promise<Reply> => post(server, path, `keep-${path.slice(1)}`, body);
    const first = await repeat();
    expectStatus(first, 201, { usually: 'a request with a key fails, which without one would not' });
    const one = `${path}/${String(jsonOf(first).id)}`;
    const changed = await writeIf(server, 'PATCH', one, tagOf(first), { guild: 'Changed' });
    expectStatus(changed, 200, { usually: 'the ETag of an answer to a key is not that of the resource' });
    expectReplay(
      first,
      await repeat(),
      'the answer is made anew of the row as it is now: the client believes that it has created what somebody else has written',
    );
    expectStatus(await writeIf(server, 'DELETE', one, tagOf(changed)), 204, { usually: 'DELETE fails' });
    expectReplay(
      first,
      await repeat(),
      'what was created is gone, and its key with it: a late repeat brings it back to life',
    );
    const { items } = await listPage(server, path, { guild });
    check(items.length === 0, {
      sent: `POST ${path} with a key, DELETE of what it created, and the POST once more`,
      expected: 'nothing in the list',
      received: `${items.length} of them`,
      usually: 'a repeat has a second effect once the first is gone',
    });
  }
}

export async function worksOnceForTwoAtOnce(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  const guild = 'Twins';
  const json = hero({ guild });
  const [one, two] = await proxy.inStep([1, 2].map(() => () => post(program, '/characters', 'twin-1', json)));
  if (one === undefined || two === undefined) fail({ expected: 'two answers', received: 'fewer', usually: '' });
  const sent = 'the same POST with the same key, twice at the same moment';
  const usually =
    'the key is looked up first and stored later: two that come between find nothing. Let a unique key decide, in the transaction of the effect';
  for (const reply of [one, two])
    expectStatus(reply, 201, {
      usually,
      expected: 'status 201 for both: the second waits for the answer of the first',
    });
  check(one.text === two.text, {
    sent,
    expected: 'the same answer for both',
    received: 'two different ones',
    usually,
    details: [...one.details, ...two.details],
  });
  await expectCount(program, guild, 1, sent, usually);

  const other = hero({ guild, level: 20 });
  const replies = await proxy.inStep([json, other].map((body) => () => post(program, '/characters', 'twin-2', body)));
  const statuses = replies
    .map(({ status }) => status)
    .sort()
    .join(' and ');
  check(statuses === '201 and 422', {
    sent: 'two different bodies with the same key, at the same moment',
    expected: 'status 201 for one and 422 for the other',
    received: `statuses ${statuses}`,
    usually,
  });
}

export async function survivesALostAnswer(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  const guild = 'Survivors';
  const json = hero({ guild });
  let cut = false;
  proxy.intervene((request, status) => {
    // The end of the work: a commit, or a statement outside of a transaction that writes.
    const commits =
      /\bcommit\b/i.test(request) || (status === 'I' && /\binsert\b/i.test(request) && !/\bbegin\b/i.test(request));
    if (cut || !commits) return undefined;
    cut = true;
    return 'cut after answer';
  });
  const lost = await post(program, '/characters', 'lost-1', json);
  proxy.pass();
  const sent = 'a POST with a key, whose connection to the database broke right after the commit; then the same again';
  if (cut) {
    expectStatus(lost, 503, {
      usually: 'whether the effect happened is not known here, so it is neither a success nor the fault of the client',
    });
  }
  const again = await post(program, '/characters', 'lost-1', json);
  expectStatus(again, 201, { usually: 'the next request meets the broken connection again' });
  const usually = 'key and effect are committed apart: what breaks between leaves one without the other';
  await expectCount(program, guild, 1, sent, usually);
}
