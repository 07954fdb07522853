import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf, type Reply } from '../../harness/http-exchange.ts';
import { exchange } from './exchange.ts';
import { expectFields } from './resources.ts';
import { createErrand, createHero, errand, hero, writeIf } from './tales.ts';
import { sharedServer } from './tavern.ts';

function pointersOf(reply: Reply): string[] {
  const { errors } = jsonOf(reply);
  const entries: unknown[] = Array.isArray(errors) ? errors : [];
  return [...new Set(entries.map((entry) => String((entry as { pointer?: unknown } | null)?.pointer)))].sort();
}

/** Fails unless the reply is a 422 whose errors point at exactly these places. */
export function expectPointers(reply: Reply, pointers: readonly string[], usually: string): void {
  expectStatus(reply, 422, { usually });
  const given = pointersOf(reply);
  const wanted = [...pointers].sort();
  check(given.join('\n') === wanted.join('\n'), {
    sent: reply.sent,
    expected: `errors that point at ${wanted.map((pointer) => `"${pointer}"`).join(', ')}`,
    received: given.length === 0 ? 'no errors' : `errors at ${given.map((pointer) => `"${pointer}"`).join(', ')}`,
    usually,
    details: reply.details,
  });
}

export async function tellsAllFaults(): Promise<void> {
  const server = await sharedServer();
  const usually =
    'the validator stops at the first fault; the person on the other side has to send the form once for each';
  const bodies = [
    [{ name: '', class: 'king', level: 3.5, bio: 7 }, ['/name', '/class', '/level', '/bio', '/guild']],
    [{}, ['/name', '/class', '/guild', '/level']],
    [hero({ name: 'x'.repeat(81), level: 0, gold: -1 }), ['/name', '/level', '/gold']],
    [hero({ name: '   ', guild: null, bornOn: 'yesterday' }), ['/name', '/guild', '/bornOn']],
  ] as const;
  for (const [json, pointers] of bodies) {
    expectPointers(await exchange(server, 'POST', '/characters', { json }), pointers, usually);
  }
  const { path, tag } = await createErrand(server);
  const patch = { title: null, places: 21, startsAt: 'soon', reward: '5' };
  expectPointers(
    await writeIf(server, 'PATCH', path, tag, patch),
    ['/title', '/places', '/startsAt', '/reward'],
    usually,
  );
  expectPointers(await writeIf(server, 'PUT', path, tag, { title: 3 }), ['/title', '/guild', '/places'], usually);
  const root = await exchange(server, 'POST', '/quests', { json: [] });
  expectPointers(root, [''], 'the fault of the whole body has the pointer of the whole body, "" (RFC 6901)');
}

export async function refusesUnknownFields(): Promise<void> {
  const server = await sharedServer();
  const usually =
    'what is not known is ignored, or worse, written: a client may set what it must not (mass assignment)';
  const hidden = {
    id: '00000000-0000-4000-8000-000000000000',
    createdAt: '2020-01-01T00:00:00.000Z',
    version: 7,
    isAdmin: true,
  };
  const pointers = ['/id', '/createdAt', '/version', '/isAdmin'];
  expectPointers(await exchange(server, 'POST', '/characters', { json: hero(hidden) }), pointers, usually);
  const { path, tag, fields } = await createHero(server);
  expectPointers(await writeIf(server, 'PUT', path, tag, hero(hidden)), pointers, usually);
  expectPointers(await writeIf(server, 'PATCH', path, tag, hidden), pointers, usually);
  const odd = '{"__proto__":{"level":20},"a/b~c":1,"constructor":{}}';
  const oddPointers = ['/__proto__', '/a~1b~0c', '/constructor'];
  const patched = await exchange(server, 'PATCH', path, { body: odd, headers: { 'if-match': tag } });
  expectPointers(
    patched,
    oddPointers,
    'names that are special to the language slip through, or "/" and "~" are not escaped (RFC 6901 §3)',
  );
  const quest = await exchange(server, 'POST', '/quests', { json: errand({ taken: 3 }) });
  expectPointers(quest, ['/taken'], usually);
  const read = await exchange(server, 'GET', path);
  expectFields(jsonOf(read), fields, { sent: read.sent, usually: 'a refused write has changed something' });
}
