import { check } from '../../harness/failure.ts';
import { expectStatus, jsonOf } from '../../harness/http-exchange.ts';
import { exchange } from './exchange.ts';
import { expectPointers } from './faults.ts';
import { expectFields } from './resources.ts';
import { create, createErrand, createHero, errand, type Fields, hero, listPage, writeIf } from './tales.ts';
import { sharedServer } from './tavern.ts';

const MAX_SAFE = 9_007_199_254_740_991;

const TEXTS: readonly string[] = [
  "Robert'); DROP TABLE characters; --",
  "' OR '1'='1",
  '$1 %s {0} #{7*7} \\',
  '<script>alert(1)</script> & "quotes"',
  ' spaces around ',
  'line\nend\ttab\r\n',
  'Grüße, Ελλάδα, 日本語, עברית',
  'e\u0301 is not \u00e9, and \u212b is not \u00c5',
  '🐉👩‍👩‍👧 zero\u200bwidth \ufeff',
  '\u0001\u001f\u007f\uffff',
];
/** 80 characters that are two UTF-16 units and four bytes each. */
const LONGEST = '𝔅'.repeat(80);

const DATES = ['0001-01-01', '1582-10-10', '1900-01-01', '2024-02-29', '9999-12-31'];
const INSTANTS: readonly (readonly [sent: string, back: string])[] = [
  ['2030-06-01T12:00:00Z', '2030-06-01T12:00:00.000Z'],
  ['2030-06-01T12:00:00.5+02:00', '2030-06-01T10:00:00.500Z'],
  ['2000-01-01T00:00:00+14:00', '1999-12-31T10:00:00.000Z'],
  ['2024-02-29T23:59:59.999-08:30', '2024-03-01T08:29:59.999Z'],
  ['2030-06-01T12:00:00+23:59', '2030-05-31T12:01:00.000Z'],
];

export async function keepsValues(): Promise<void> {
  const server = await sharedServer();
  const keeps = async (path: '/characters' | '/quests', body: Fields, back: Fields, usually: string): Promise<void> => {
    const created = await create(server, path, body);
    const read = await exchange(server, 'GET', created.path);
    expectStatus(read, 200, { usually: 'what was created is not there' });
    for (const fields of [created.fields, jsonOf(read)])
      expectFields(fields, back, { sent: `POST ${path} ${JSON.stringify(body)}`, usually });
  };
  const asText = 'text is read as something else on its way: build no SQL of it, trim it not, normalize it not';
  for (const text of [...TEXTS, LONGEST]) {
    const fields = { name: text, guild: text.slice(0, 40), bio: text };
    await keeps('/characters', hero(fields), fields, asText);
  }
  for (const guild of ["' OR '1'='1", "x'; DROP TABLE quests; --"]) {
    const found = await listPage(server, '/characters', { guild, limit: '100' });
    check(
      found.items.every((item) => item.guild === guild),
      {
        sent: found.reply.sent,
        expected: 'characters of that guild alone',
        received: 'others as well',
        usually: asText,
      },
    );
  }
  for (const gold of [0, 1, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 2, MAX_SAFE]) {
    await keeps(
      '/characters',
      hero({ gold }),
      { gold },
      'the column is too small, or the driver gives large numbers as text',
    );
  }
  const written = JSON.stringify(hero({ guild: 'Scribes' }));
  for (const three of ['3.0', '3e0', '30e-1', '0.3E+1', '3.00000000000000000000']) {
    const reply = await exchange(server, 'POST', '/characters', {
      body: written.replace('"level":3', `"level":${three}`),
    });
    expectStatus(reply, 201, { usually: `a whole number may be written as JSON likes; sent ${three}` });
    expectFields(jsonOf(reply), { level: 3 }, { sent: reply.sent, usually: 'the number is read as another one' });
  }
  const dates = 'a date has no time zone: a Date object makes it an instant, which is another day somewhere else';
  for (const bornOn of DATES) await keeps('/characters', hero({ bornOn }), { bornOn }, dates);
  for (const [startsAt, back] of INSTANTS) {
    await keeps(
      '/quests',
      errand({ startsAt }),
      { startsAt: back },
      'the offset is dropped, or the instant is formatted in local time',
    );
  }
}

const REFUSED: readonly (readonly [what: string, fields: string])[] = [
  ['NUL in a text', '"name":"Bri\\u0000da"'],
  ['half of a surrogate pair', '"name":"Bri\\ud800da"'],
  ['the other half', '"bio":"\\udc00"'],
  ['halves in the wrong order', '"guild":"\\udc00\\ud800"'],
  ['81 characters', `"name":"${'𝔅'.repeat(81)}"`],
  ['only a tab and a line end', '"name":"\\t\\n"'],
  ['only an ideographic space', '"guild":"\\u3000"'],
  ['2^53', '"gold":9007199254740992'],
  ['2^53 + 1, which a double cannot hold', '"gold":9007199254740993'],
  ['10^400', '"gold":1e400'],
  ['a fraction', '"gold":0.5'],
  ['a number in quotes', '"gold":"5"'],
  ['a negative number', '"gold":-1'],
  ['a fraction that a double drops', '"gold":9007199254740991.4'],
  ['another one', '"level":3.00000000000000000001'],
  ['true for a number', '"level":true'],
  ['29 February 2023', '"bornOn":"2023-02-29"'],
  ['the year 0', '"bornOn":"0000-01-01"'],
  ['a five-digit year', '"bornOn":"12024-01-01"'],
  ['a date with a time', '"bornOn":"2024-01-01T00:00:00Z"'],
  ['an empty date', '"bornOn":""'],
];
const REFUSED_INSTANTS: readonly string[] = [
  '2030-06-01',
  '2030-06-01T12:00:00',
  '2030-06-01 12:00:00Z',
  '2030-06-01t12:00:00Z',
  '2030-06-01T12:00:00z',
  '2030-02-30T12:00:00Z',
  '2030-06-01T24:00:00Z',
  '2030-06-30T23:59:60Z',
  '2030-06-01T12:00:00.1234Z',
  '2030-06-01T12:00:00+25:00',
  '1999-12-31T23:59:59Z',
  '3000-01-01T00:00:00Z',
  'tomorrow',
  '',
];

export async function refusesImpossibleValues(): Promise<void> {
  const server = await sharedServer();
  const usually = 'the value passes the check and fails in the database, or is changed to one that fits';
  for (const [what, field] of REFUSED) {
    const name = /^"(\w+)"/.exec(field)?.[1] ?? '';
    const body = JSON.stringify(hero())
      .replace(new RegExp(`"${name}":("[^"]*"|\\d+),?`), '')
      .replace(/,?\}$/, `,${field}}`);
    const reply = await exchange(server, 'POST', '/characters', { body });
    expectPointers(reply, [`/${name}`], `${usually}; sent ${what}`);
  }
  for (const startsAt of REFUSED_INSTANTS) {
    const reply = await exchange(server, 'POST', '/quests', { json: errand({ startsAt }) });
    expectPointers(reply, ['/startsAt'], `${usually}; sent "${startsAt}"`);
  }
  const { path, tag } = await createHero(server);
  const patch = '{"bio":"\\u0000"}';
  expectPointers(
    await exchange(server, 'PATCH', path, { body: patch, headers: { 'if-match': tag } }),
    ['/bio'],
    usually,
  );
  const quest = await createErrand(server);
  expectPointers(await writeIf(server, 'PATCH', quest.path, quest.tag, { places: 0 }), ['/places'], usually);
  const list = await exchange(server, 'GET', '/characters?guild=%00');
  expectStatus(list, 400, { usually: 'a query parameter reaches the database unchecked; sent NUL' });
}
