import { check } from '../../harness/failure.ts';
import { expectProblem, expectStatus } from './answers.ts';
import { logIn, openHall, passwordOf, register } from './hall.ts';
import { type Answer, call } from './http-client.ts';

/** Bodies that no registration accepts. */
const BAD_BODIES: readonly (readonly [what: string, body: object | string])[] = [
  ['no password', { username: 'nobody1' }],
  ['a password that is a number', { username: 'nobody1', password: 123_456_789_012 }],
  ['a user name that is a list', { username: ['nobody1'], password: 'long enough to pass' }],
  ['a password that is null', { username: 'nobody1', password: null }],
  ['half of a surrogate pair in the password', '{"username":"nobody1","password":"long enough \\ud800 to pass"}'],
  ['a list', [{ username: 'nobody1', password: 'long enough to pass' }]],
  ['JSON that is a text', '"nobody1"'],
  ['an empty object', {}],
];

export async function judgeRegister(): Promise<void> {
  const { server, database } = await openHall('hall');
  const password = passwordOf('rosa');
  const answer = await call(server, '/accounts', { body: { username: 'Rosa', password } });
  const sent = 'POST /accounts with a user name and a password';
  const usually = 'the profile is the row of the table as it is, or has other names than in the brief';
  expectStatus(answer, 201, { sent, usually });
  const { id, username, role } = answer.json;
  check(Object.keys(answer.json).sort().join() === 'id,role,username' && role === 'player' && username === 'rosa', {
    sent,
    expected: 'a profile with id, username and role, and nothing else',
    received: `the members ${Object.keys(answer.json).sort().join(', ')}`,
    usually,
    details: [answer.text.slice(0, 300)],
  });
  const { rows } = await database.query('select id::text, role from accounts where username = $1', ['rosa']);
  check(rows.length === 1 && rows[0]?.id === id && rows[0]?.role === 'player', {
    sent: "select id, role from accounts where username = 'rosa'",
    expected: 'one row, with the id that was answered, as a player',
    received: `${rows.length} rows, or another id or role`,
    usually: 'the table or its columns are not those of the brief',
  });
  const again = await call(server, '/accounts', { body: { username: 'rosa', password } });
  const taken = { sent: 'POST /accounts with a name that is taken', usually: 'the constraint is not handled' };
  expectStatus(again, 409, taken);
  expectProblem(again, taken);
  const crowned = await call(server, '/accounts', { body: { username: 'crowned', password, role: 'warden' } });
  expectStatus(crowned, 400, {
    sent: 'POST /accounts with "role": "warden" in the body',
    expected: 'status 400: the member is refused',
    usually: 'unknown members are ignored, and the day comes on which one is stored: refuse what nobody asked for',
  });
  for (const [what, body] of BAD_BODIES) {
    const refused = await call(server, '/accounts', { body });
    const step = { sent: `POST /accounts with ${what}`, usually: 'the body is used before its types are checked' };
    expectStatus(refused, 400, step);
    expectProblem(refused, step);
  }
}

/** Other spellings of `finn`, of `zoë` and of `kelda`. */
const SPELLINGS: readonly (readonly [first: string, ...others: string[]])[] = [
  ['finn', 'FINN', '\ufb01nn', '\uff26\uff49\uff4e\uff4e'],
  ['zoe\u0308', 'zo\u00eb', 'ZO\u00cb'],
];
const NO_NAMES: readonly string[] = [
  '',
  'ab',
  'a'.repeat(33),
  'two words',
  ' gwen',
  'gwen\n',
  'gw\u0000en',
  'gwen@tavern',
  '🐉🐉🐉',
  'a/b/c',
];
const NOT_ONE_FORM =
  'names are compared as they came, or lower-cased only: bring them to one form (NFKC, lower case) before anything else';

export async function judgeNames(): Promise<void> {
  const { server } = await openHall('hall');
  for (const [first, ...others] of SPELLINGS) {
    await register(first);
    for (const other of others) {
      const answer = await call(server, '/accounts', { body: { username: other, password: passwordOf(other) } });
      expectStatus(answer, 409, {
        sent: `POST /accounts for "${other}" (${escaped(other)}), after "${first}" (${escaped(first)})`,
        expected: 'status 409: it is the same name',
        usually: NOT_ONE_FORM,
      });
    }
    const other = others.at(-1) ?? first;
    const body = { username: other, password: passwordOf(first) };
    const answer = await call(server, '/sessions', { body });
    expectStatus(answer, 200, {
      sent: `POST /sessions as "${other}" (${escaped(other)}), registered as "${first}"`,
      usually: NOT_ONE_FORM,
    });
  }
  const bodies = ['Kelda', 'KELDA', '\u212Aelda'].map((username) => ({ username, password: passwordOf('kelda') }));
  const atOnce = await Promise.all(bodies.map((body) => call(server, '/accounts', { body })));
  const statuses = atOnce.map(({ status }) => status).sort();
  check(statuses.join() === '201,409,409', {
    sent: 'three POST /accounts at the same moment, for three spellings of "kelda"',
    expected: 'one 201 and two 409',
    received: `status ${statuses.join(', ')}`,
    usually: 'the name is looked up first and inserted then: let the unique constraint decide, and handle its error',
  });
  for (const username of NO_NAMES) {
    const sent = `a user name that is not allowed: ${JSON.stringify(username)}`;
    const usually = 'the pattern is not anchored, counts other characters than the brief, or looks before NFKC';
    const body = { username, password: 'long enough to pass' };
    const refused = await call(server, '/accounts', { body });
    expectStatus(refused, 400, { sent: `POST /accounts with ${sent}`, usually });
  }
  const body = { username: 'gw\u0000en', password: passwordOf('gwen') };
  const answer = await call(server, '/sessions', { body });
  expectStatus(answer, 401, {
    sent: 'POST /sessions with a NUL in the user name',
    usually: 'the name goes to the database as it came, which knows no NUL in a text',
  });
}

const LONG = '🐉'.repeat(127);

export async function judgePasswordBounds(): Promise<void> {
  const { server } = await openHall('hall');
  const usually = 'length is counted in bytes or UTF-16 units: count code points of the NFC form';
  for (const [password, what] of [
    ['only eleven', '11 letters'],
    ['🐉'.repeat(11), '11 dragons, which are 22 UTF-16 units'],
    ['e\u0301'.repeat(11), '11 letters é, as 22 code points before NFC'],
    [`${LONG}ab`, '129 characters'],
  ] as const) {
    const answer = await call(server, '/accounts', { body: { username: 'brief.one', password } });
    expectStatus(answer, 400, { sent: `POST /accounts with a password of ${what}`, usually });
  }
  const accept = async (username: string, password: string, what: string) => {
    const answer = await call(server, '/accounts', { body: { username, password } });
    expectStatus(answer, 201, { sent: `POST /accounts with a password of ${what}`, usually });
  };
  const enter = (username: string, password: string) => call(server, '/sessions', { body: { username, password } });
  await accept('longest', `${LONG}a`, '128 characters, 509 bytes');
  await accept('shortest', ' \u0000caf\u00e9 toms ', '12 characters, with spaces at both ends and a NUL');
  const tries: readonly (readonly [enter: () => Promise<Answer>, status: number, sent: string, usually: string])[] = [
    [() => enter('longest', `${LONG}a`), 200, 'the password of 128 characters', 'long passwords do not survive'],
    [
      () => enter('longest', `${LONG}b`),
      401,
      'a password that differs in its last character',
      'the password is cut off somewhere, as bcrypt does at 72 bytes: every character counts',
    ],
    [
      () => enter('shortest', ' \u0000cafe\u0301 toms '),
      200,
      'the same password, with é as two code points',
      'two keyboards send two spellings: normalize to NFC before hashing and before verifying',
    ],
    [
      () => enter('shortest', ' \u0000other tims '),
      401,
      'a password that differs after a NUL',
      'the password ends at a NUL somewhere: hand over its bytes and their number',
    ],
    [
      () => enter('shortest', '\u0000caf\u00e9 toms'),
      401,
      'the password without its spaces',
      'the password is trimmed',
    ],
  ];
  for (const [send, status, sent, why] of tries) {
    expectStatus(await send(), status, { sent: `POST /sessions with ${sent}`, usually: why });
  }
}

export async function judgeLogIn(): Promise<void> {
  const { server } = await openHall('hall');
  await register('mira');
  await logIn('hall', 'mira');
  const answer = await call(server, '/sessions', { body: { username: 'mira', password: passwordOf('mira') } });
  const sent = 'POST /sessions with the right password';
  const usually = 'the answer differs from the one in the brief';
  const { token_type: type, expires_in: expiresIn } = answer.json;
  check(String(type).toLowerCase() === 'bearer' && expiresIn === 300, {
    sent,
    expected: 'token_type "Bearer" and expires_in 300',
    received: `${JSON.stringify(type)} and ${JSON.stringify(expiresIn)}`,
    usually,
  });
  const cacheControl = answer.headers['cache-control'] ?? 'none';
  check(/\bno-store\b/i.test(cacheControl), {
    sent,
    expected: 'Cache-Control: no-store',
    received: `Cache-Control: ${cacheControl}`,
    usually: 'RFC 6749 §5.1: nobody on the way may keep an answer with tokens',
  });
  const attempts = [
    await call(server, '/sessions', { body: { username: 'mira', password: 'not the password' } }),
    await call(server, '/sessions', { body: { username: 'nobody.here', password: 'not the password' } }),
  ];
  for (const [i, refused] of attempts.entries()) {
    const step = { sent: `POST /sessions with ${i === 0 ? 'a wrong password' : 'an unknown user name'}`, usually };
    expectStatus(refused, 401, step);
    expectProblem(refused, step);
  }
  const [wrong = '', unknown = ''] = attempts.map(withoutDate);
  check(wrong === unknown, {
    sent: 'POST /sessions with a wrong password, and with an unknown user name',
    expected: 'the same answer to both, headers and body',
    received: 'two different answers',
    usually: 'one of them says more than the other: who may log in here is nobody else’s business',
    details: [wrong, unknown],
  });
}

function withoutDate({ status, headers, text }: Answer): string {
  const { date: _, ...others } = headers;
  return JSON.stringify({ status, others, text });
}

function escaped(text: string): string {
  return [...text].map((c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`).join(' ');
}
