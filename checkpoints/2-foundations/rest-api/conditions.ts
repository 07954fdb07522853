import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf } from '../../harness/http-exchange.ts';
import { exchange } from './exchange.ts';
import { expectFields } from './resources.ts';
import { type Created, createErrand, createHero, hero, tagOf, writeIf } from './tales.ts';
import { proxiedServer, sharedServer } from './tavern.ts';

export async function preventsLostUpdates(): Promise<void> {
  const server = await sharedServer();
  const first = await createHero(server, { gold: 1 });
  for (const [method, json] of [
    ['PUT', hero()],
    ['PATCH', { gold: 2 }],
    ['DELETE', undefined],
  ] as const) {
    const reply = await writeIf(server, method, first.path, undefined, json);
    expectStatus(reply, 428, {
      usually: 'a write without If-Match is let through: it overwrites what it has not seen',
    });
  }
  const second = await writeIf(server, 'PATCH', first.path, first.tag, { gold: 2 });
  expectStatus(second, 200, { usually: 'the ETag that was just given out is not accepted' });
  const current = tagOf(second);
  const stale = [
    ['an ETag that was true once', first.tag],
    ['an ETag that never was', '"no-such-tag"'],
    ['the current ETag as a weak one: If-Match compares strongly (RFC 9110 §13.1.1)', `W/${current}`],
    ['a list without the current ETag', `${first.tag}, "x", W/${current}`],
  ] as const;
  for (const [what, tag] of stale) {
    for (const [method, json] of [
      ['PUT', hero()],
      ['PATCH', { gold: 3 }],
      ['DELETE', undefined],
    ] as const) {
      const reply = await writeIf(server, method, first.path, tag, json);
      expectStatus(reply, 412, { usually: `the tag is not compared as it should be; sent ${what}` });
    }
  }
  const read = await exchange(server, 'GET', first.path);
  expectFields(
    jsonOf(read),
    { gold: 2 },
    { sent: 'writes that were refused', usually: 'a refused write is done all the same' },
  );
  for (const tag of ['unquoted', '3', '"open', '']) {
    const reply = await writeIf(server, 'PATCH', first.path, tag, { gold: 3 });
    expectStatus(reply, 400, { usually: `what is no list of entity tags is taken for one; sent If-Match: ${tag}` });
  }
  const listed = await writeIf(server, 'PATCH', first.path, `"x,y" , W/"z",${current}`, { gold: 4 });
  expectStatus(listed, 200, { usually: 'a list of tags is read as one tag, or cut at a comma inside of one' });
  const star = await writeIf(server, 'PATCH', first.path, '*', { gold: 5 });
  expectStatus(star, 200, { usually: 'If-Match: * asks only that the resource exists' });
  const nobody = '/characters/00000000-0000-4000-8000-000000000000';
  const missing = await writeIf(server, 'PATCH', nobody, '*', { gold: 5 });
  expectStatus(missing, 404, {
    usually: 'a resource that does not exist is a 404, whatever the precondition (RFC 9110 §13.2.1)',
  });
}

/** Two writes at the same moment, step by step beside each other on the way to the database. */
export async function letsOneOfTwoWritersWin(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  for (const create of [createHero, createErrand]) {
    const { path, tag } = await create(program);
    const guilds = ['First', 'Second'];
    const replies = await proxy.inStep(guilds.map((guild) => () => writeIf(program, 'PATCH', path, tag, { guild })));
    const statuses = replies.map(({ status }) => status).sort();
    const sent = 'two PATCH requests at once, both with the ETag that was current';
    check(statuses.join() === '200,412', {
      sent,
      expected: 'one status 200 and one status 412',
      received: `statuses ${statuses.join(' and ')}`,
      usually:
        'the tag is compared first and the row written later: compare in the statement that writes, or lock the row',
    });
    const winner = guilds[replies.findIndex(({ status }) => status === 200)];
    const read = await exchange(program, 'GET', path);
    expectFields(jsonOf(read), { guild: winner }, { sent, usually: 'the write that was refused is done all the same' });
  }
}

/** More requests than a write needs, and the making of a connection before. */
const MAX_REQUESTS = 30;

/** A write and a DELETE with the same tag: one comes while the other is at its first request, its second, and so on. */
export async function letsOneOfWriteAndDeleteWin(): Promise<void> {
  const { program, proxy } = await proxiedServer();
  const write = (one: Created) => writeIf(program, 'PATCH', one.path, one.tag, { guild: 'Written' });
  const remove = (one: Created) => writeIf(program, 'DELETE', one.path, one.tag);
  for (const [works, sent] of [
    [[remove, write], 'DELETE, and PATCH with the same ETag while it is under way'],
    [[write, remove], 'PATCH, and DELETE with the same ETag while it is under way'],
  ] as const) {
    for (let nth = 1; nth <= MAX_REQUESTS; nth += 1) {
      const one = await createHero(program);
      const replies = await proxy.interrupt(
        nth,
        () => works[0](one),
        () => works[1](one),
      );
      if (replies === undefined) break;
      const statuses = replies.map(({ status }) => status).join(' and ');
      check(/^(204 and (404|412)|(404|412) and 204|200 and 412|412 and 200)$/.test(statuses), {
        sent,
        expected: 'one of them to succeed, and the other to get 412, or 404 after the DELETE',
        received: `statuses ${statuses}`,
        usually: 'DELETE compares the tag first and deletes later: what was written between is lost without a word',
        details: replies.flatMap(({ details }) => details),
      });
    }
  }
}

/** What was changed and changed back is not what it was: somebody has written twice. */
export async function tellsAWriteThatWasTakenBack(): Promise<void> {
  const server = await sharedServer();
  for (const create of [createHero, createErrand]) {
    const first = await create(server, { guild: 'Before' });
    const there = await writeIf(server, 'PATCH', first.path, first.tag, { guild: 'Between' });
    expectStatus(there, 200, { usually: 'the ETag that was just given out is not accepted' });
    const back = await writeIf(server, 'PATCH', first.path, tagOf(there), { guild: 'Before' });
    expectStatus(back, 200, { usually: 'the ETag that was just given out is not accepted' });
    const same = await writeIf(server, 'PATCH', first.path, tagOf(back), { guild: 'Before' });
    const tags = [first.tag, ...[there, back, same].map(tagOf)];
    const different = new Set(tags).size;
    check(different === tags.length, {
      sent: 'PATCH of a field to another value, back to the first, and once more to the same',
      expected: `${tags.length} different ETags`,
      received: `${different}`,
      usually:
        'the tag is a hash of the fields: who has read before a change and its way back overwrites both without knowing',
      details: [`the ETags: ${tags.join(', ')}`],
    });
  }
}

export async function answersNotModified(): Promise<void> {
  const server = await sharedServer();
  const { path, tag } = await createHero(server);
  const weak = `W/${tag}`;
  for (const value of [tag, weak, `"x", ${tag}`, `"a,b",${weak}`, '*']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await exchange(server, method, path, { headers: { 'if-none-match': value } });
      expectStatus(reply, 304, { usually: 'If-None-Match compares weakly, takes a list, and * (RFC 9110 §13.1.2)' });
      check(reply.text === '' && tagOf(reply) === tag, {
        sent: reply.sent,
        expected: 'no body, and the ETag',
        received: reply.text === '' ? 'no ETag, or another' : 'a body',
        usually: 'a 304 carries the ETag that a 200 would have, and never a body (RFC 9110 §15.4.5)',
      });
    }
  }
  for (const value of ['"x"', `"x", W/"y"`, `"${tag.slice(1, -1)}0"`]) {
    const reply = await exchange(server, 'GET', path, { headers: { 'if-none-match': value } });
    expectStatus(reply, 200, { usually: 'a tag that is not the current one counts as a match' });
  }
  const bad = await exchange(server, 'GET', path, { headers: { 'if-none-match': 'unquoted' } });
  expectStatus(bad, 400, { usually: 'what is no list of entity tags is ignored' });
  const changed = await writeIf(server, 'PATCH', path, tag, { level: 9 });
  expectStatus(changed, 200, { usually: 'the ETag that was just given out is not accepted' });
  const after = await exchange(server, 'GET', path, { headers: { 'if-none-match': tag } });
  expectStatus(after, 200, {
    usually: 'the representation has changed and its tag has not, so the client keeps the old one',
  });
}
