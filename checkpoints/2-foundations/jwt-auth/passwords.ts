import { hash } from '@node-rs/argon2';
import type { Client } from 'pg';
import { check, fail } from '../../harness/failure.ts';
import { expectStatus } from './answers.ts';
import { contentsOfTables, GATE_PASSES, openHall, passwordOf, register } from './hall.ts';
import { call } from './http-client.ts';

/** OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. */
const LEAST = { m: 19_456, t: 2, p: 1 } as const;
const MIN_SALT_BYTES = 16;
const MIN_HASH_BYTES = 32;

interface Phc {
  readonly algorithm: string;
  readonly version: number;
  readonly m: number;
  readonly t: number;
  readonly p: number;
  readonly salt: string;
  readonly saltBytes: number;
  readonly hashBytes: number;
}

export async function judgePasswordStorage(): Promise<void> {
  const { server, database } = await openHall('hall');
  const password = passwordOf('twins');
  for (const username of ['twin.a', 'twin.b']) {
    const answer = await call(server, '/accounts', { body: { username, password } });
    expectStatus(answer, 201, { sent: `POST /accounts for ${username}`, usually: 'the route is missing' });
  }
  const [a, b] = [await storedHash(database, 'twin.a'), await storedHash(database, 'twin.b')];
  for (const phc of [a, b]) expectStrong(phc, 'select password_hash from accounts');
  check(a.salt !== b.salt, {
    sent: 'two registrations with the same password',
    expected: 'two salts',
    received: 'the same salt twice',
    usually: 'the salt is a constant, or made of the password: it is random, and new for each hash',
  });
  check(!(await contentsOfTables(database)).includes(password), {
    sent: 'a look at every row of every table',
    expected: 'the password nowhere',
    received: 'the password itself',
    usually: 'it is stored beside its hash, in a log table or in an event',
  });
}

export async function judgeRehash(): Promise<void> {
  const { server, database } = await openHall('hall');
  await register('veteran');
  const weak = await hash(passwordOf('veteran'), { memoryCost: 4_096, timeCost: 3, parallelism: 1 });
  await database.query('update accounts set password_hash = $2 where username = $1', ['veteran', weak]);
  const attempt = (password: string) => call(server, '/sessions', { body: { username: 'veteran', password } });
  const sent = 'an account whose hash is from older days (m=4096, t=3), then POST /sessions';
  const usually = 'the parameters are taken from the settings and not from the stored hash';
  expectStatus(await attempt('not the password'), 401, { sent: `${sent} with a wrong password`, usually });
  const untouched = await rawHash(database, 'veteran');
  check(untouched === weak, {
    sent: `${sent} with a wrong password`,
    expected: 'the hash as it was',
    received: 'another hash',
    usually: 'the hash is replaced before the password has been verified',
  });
  expectStatus(await attempt(passwordOf('veteran')), 200, { sent: `${sent} with the right password`, usually });
  const now = await storedHash(database, 'veteran');
  expectStrong(now, `${sent} with the right password, then select password_hash`);
  expectStatus(await attempt(passwordOf('veteran')), 200, {
    sent: `${sent} twice with the right password`,
    usually: 'the new hash is of something else than the password',
  });
  await expectPassesAsSet();
}

/** From a server that wants two passes to one that wants three, and back. */
async function expectPassesAsSet(): Promise<void> {
  const { server: hall, database } = await openHall('hall');
  const { server: gate } = await openHall('gate');
  const body = { username: 'recruit', password: passwordOf('recruit') };
  await register('recruit');
  const sent = `an account whose hash has ${LEAST.t} passes, then POST /sessions at a server with ARGON2_PASSES=${GATE_PASSES}`;
  expectStatus(await call(gate, '/sessions', { body }), 200, { sent, usually: 'the log-in fails' });
  const { m, t } = await storedHash(database, 'recruit');
  check(t === GATE_PASSES && m >= LEAST.m, {
    sent: `${sent}, then select password_hash`,
    expected: `a new hash with ${GATE_PASSES} passes`,
    received: `m=${m}, t=${t}`,
    usually:
      'the hash is held against the least that OWASP allows, or by its memory only: hold both parameters against the settings',
  });
  const before = await rawHash(database, 'recruit');
  const back = `an account whose hash has ${GATE_PASSES} passes, then POST /sessions at a server with ARGON2_PASSES=${LEAST.t}`;
  expectStatus(await call(hall, '/sessions', { body }), 200, { sent: back, usually: 'the log-in fails' });
  check((await rawHash(database, 'recruit')) === before, {
    sent: `${back}, then select password_hash`,
    expected: 'the hash as it was',
    received: 'another one',
    usually: 'every hash with other parameters is replaced, also one that is stronger',
  });
}

const FEW_ROUNDS = 5;
const MOST_ROUNDS = 20;
/** One Argon2 hash is ten times the rest of a log-in, so a server that leaves it out is far outside. */
const LEAST_RATIO = 0.5;
const WARM_UP_ROUNDS = 1;

export async function judgeEqualTime(): Promise<void> {
  const { server } = await openHall('hall');
  await register('sentry');
  const timeOf = async (username: string, password = 'not the password'): Promise<number> => {
    const since = performance.now();
    const answer = await call(server, '/sessions', { body: { username, password } });
    const elapsedMs = performance.now() - since;
    expectStatus(answer, 401, { sent: `POST /sessions as "${username}"`, usually: 'the route is missing' });
    return elapsedMs;
  };
  // They take turns, so that whatever slows the machine down slows all of them down. More rounds only if in doubt.
  const wrong: number[] = [];
  const unknown: number[] = [];
  const impossible: number[] = [];
  const short: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + MOST_ROUNDS; round += 1) {
    const times = [
      await timeOf('sentry'),
      await timeOf(`no.such.${round}`),
      await timeOf(`not a name ${round}`),
      await timeOf('sentry', 'short'),
    ];
    if (round < WARM_UP_ROUNDS) continue;
    for (const [i, list] of [wrong, unknown, impossible, short].entries()) list.push(times[i] ?? 0);
    if (wrong.length >= FEW_ROUNDS && [unknown, impossible, short].every((times) => isEqual(times, wrong))) return;
  }
  const figures = [wrong, unknown, impossible, short].map((times) => `${median(times).toFixed(1)} ms`);
  const text = {
    sent: 'log-ins with a wrong password, an unknown user name, one that cannot exist, and a password that is too short, taking turns',
    expected: `medians within a factor of ${1 / LEAST_RATIO} of one another`,
  };
  if (isEqual(unknown, wrong) && isEqual(impossible, wrong)) {
    fail({
      ...text,
      received: `${figures[0]} for a wrong password, ${figures[3]} for one that is too short`,
      usually:
        'a password of a wrong length is refused without hashing, as at a registration: here it is a wrong password',
    });
  }
  fail({
    ...text,
    received: `${figures[0]} for a wrong password, ${figures[1]} for an unknown name, ${figures[2]} for an impossible one`,
    usually: 'without an account there is nothing to verify, so nothing is: verify against a hash that nobody knows',
  });
}

function isEqual(times: readonly number[], others: readonly number[]): boolean {
  const ratio = median(times) / median(others);
  return ratio >= LEAST_RATIO && ratio <= 1 / LEAST_RATIO;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function rawHash(database: Client, username: string): Promise<string> {
  const { rows } = await database.query<{ password_hash: unknown }>(
    'select password_hash from accounts where username = $1',
    [username],
  );
  return String(rows[0]?.password_hash ?? '');
}

async function storedHash(database: Client, username: string): Promise<Phc> {
  const text = await rawHash(database, username);
  const found = /^\$(\w+)\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (found === null) {
    fail({
      sent: `select password_hash from accounts where username = '${username}'`,
      expected: 'a hash in PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$hash',
      received: text.startsWith('$') ? `one that begins with ${text.slice(0, 4)}` : 'another text',
      usually: 'another algorithm, or a form of your own: keep the string that the Argon2 library gives',
    });
  }
  const [, algorithm = '', version, m, t, p, salt = '', output = ''] = found;
  return {
    algorithm,
    version: Number(version),
    m: Number(m),
    t: Number(t),
    p: Number(p),
    salt,
    saltBytes: Buffer.from(salt, 'base64').length,
    hashBytes: Buffer.from(output, 'base64').length,
  };
}

function expectStrong(phc: Phc, sent: string): void {
  const text = { sent, usually: 'a weaker variant or cheaper parameters than OWASP recommends' };
  const kind = `${phc.algorithm} version ${phc.version}`;
  check(kind === 'argon2id version 19', { ...text, expected: 'argon2id version 19', received: kind });
  check(phc.m >= LEAST.m && phc.t >= LEAST.t && phc.p >= LEAST.p, {
    ...text,
    expected: `at least m=${LEAST.m}, t=${LEAST.t}, p=${LEAST.p}`,
    received: `m=${phc.m}, t=${phc.t}, p=${phc.p}`,
  });
  check(phc.saltBytes >= MIN_SALT_BYTES && phc.hashBytes >= MIN_HASH_BYTES, {
    ...text,
    expected: `a salt of at least ${MIN_SALT_BYTES} bytes and a hash of at least ${MIN_HASH_BYTES}`,
    received: `${phc.saltBytes} and ${phc.hashBytes} bytes`,
  });
}
