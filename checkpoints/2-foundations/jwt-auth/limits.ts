import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectProblem, expectStatus } from './answers.ts';
import {
  BRISK_ACCOUNT_LIMIT,
  BRISK_WINDOW_MS,
  openHall,
  passwordOf,
  register,
  STRICT_ACCOUNT_LIMIT,
  STRICT_ADDRESS_LIMIT,
} from './hall.ts';
import { type Answer, call } from './http-client.ts';

const ROOM_WITHIN_MS = 8_000;
const WINDOW_S = 3_600;
const ROUNDS = 5;

/** Documentation addresses (RFC 5737), each used once. */
function address(n: number): string {
  return `198.51.100.${n}`;
}

function guess(server: Program, username: string, from: string): Promise<Answer> {
  return call(server, '/sessions', { body: { username, password: 'not the password' }, address: from });
}

function enter(server: Program, username: string, from: string): Promise<Answer> {
  return call(server, '/sessions', { body: { username, password: passwordOf(username) }, address: from });
}

function expectTooMany(answer: Answer, sent: string, usually: string, maxS = WINDOW_S): void {
  expectStatus(answer, 429, { sent, usually });
  expectProblem(answer, { sent, usually });
  const retryAfter = answer.headers['retry-after'] ?? 'none';
  check(/^\d+$/.test(retryAfter) && Number(retryAfter) >= 1 && Number(retryAfter) <= maxS, {
    sent,
    expected: 'Retry-After in whole seconds, from 1 to the window',
    received: `Retry-After: ${retryAfter}`,
    usually: 'the header is missing, or holds milliseconds',
  });
}

export async function judgeAccountLimit(): Promise<void> {
  const { server } = await openHall('strict');
  await register('owner');
  const home = address(1);
  expectStatus(await enter(server, 'owner', home), 200, { sent: 'POST /sessions', usually: 'the log-in fails' });
  const limit = STRICT_ACCOUNT_LIMIT;
  const together = `LOGIN_ACCOUNT_LIMIT=${limit}, and ${limit * 2} wrong passwords at the same moment, from as many addresses`;
  const burst = await Promise.all(
    Array.from({ length: limit * 2 }, (_, i) => guess(server, i % 2 === 0 ? 'owner' : 'OWNER', address(10 + i))),
  );
  const looked = burst.filter(({ status }) => status === 401).length;
  check(looked === limit && burst.every(({ status }) => status === 401 || status === 429), {
    sent: together,
    expected: `${limit} times 401, and 429 for the rest`,
    received: `${looked} times 401`,
    usually:
      'failures are counted when they are over, by address only, or by the name as it came: count an attempt when it begins',
  });
  expectTooMany(
    await enter(server, 'owner', address(20)),
    `${together}, then the right password from a stranger's address`,
    'the right password is let through: then guessing goes on as if there were no limit',
  );
  expectStatus(await enter(server, 'owner', home), 200, {
    sent: `${together}, then the owner from an address that has logged in before`,
    expected: 'status 200: strangers cannot lock the owner out',
    usually: 'one count for everybody: whoever fails on purpose locks the owner out, for as long as they like',
  });
  expectTooMany(
    await guess(server, 'owner', address(21)),
    `${together}, then a log-in of the owner, then a stranger again`,
    "a success clears the count, so each log-in of the owner gives the strangers' guesses a fresh start",
  );
  for (let i = 0; i < limit; i += 1) {
    expectStatus(await guess(server, 'owner', home), 401, {
      sent: `wrong password number ${i + 1} from the owner's address`,
      usually: 'a familiar address has a count of its own',
    });
  }
  expectTooMany(
    await enter(server, 'owner', home),
    `${limit} wrong passwords from the owner's address, then the right one`,
    'a familiar address has no limit at all',
  );
  const unknown = await Promise.all(
    Array.from({ length: limit + 1 }, (_, i) => guess(server, 'nobody.at.all', address(30 + i))),
  );
  const refused = unknown.filter(({ status }) => status === 429).length;
  check(refused === 1, {
    sent: `${limit + 1} log-ins with a user name that does not exist`,
    expected: `${limit} times 401, then 429, as with one that does`,
    received: `${refused} times 429`,
    usually: 'only accounts that exist have a count, so a 429 tells that there is one',
  });
}

export async function judgeAddressLimit(): Promise<void> {
  const { server } = await openHall('strict');
  await register('visitor');
  const [from, elsewhere] = [address(50), address(51)];
  const usually = 'failures are counted by account only, so one address tries one password on every account';
  const newcomer = { username: 'newcomer', password: passwordOf('newcomer') };
  const limit = STRICT_ADDRESS_LIMIT;
  const sent = `LOGIN_ADDRESS_LIMIT=${limit}, ${limit - 1} log-ins as different users and a registration from one address`;
  for (const answer of await Promise.all(
    Array.from({ length: limit - 1 }, (_, i) => guess(server, `spray.${i}`, from)),
  )) {
    expectStatus(answer, 401, { sent, usually });
  }
  expectStatus(await enter(server, 'visitor', from), 200, { sent: `a log-in with room left`, usually });
  expectStatus(await call(server, '/accounts', { body: newcomer, address: from }), 201, { sent, usually });
  expectTooMany(
    await enter(server, 'visitor', from),
    `${sent}, then the right password`,
    'a success clears the count of its address, or a registration does not count: each costs a hash, and tells of a name',
  );
  expectTooMany(
    await call(server, '/accounts', { body: { ...newcomer, username: 'newcomer.two' }, address: from }),
    `${sent}, then another registration`,
    'registrations have no limit',
  );
  expectTooMany(
    await enter(server, 'visitor', `${elsewhere}, 10.0.0.1,${from}`),
    `${sent}, then X-Forwarded-For with other addresses on the left`,
    'the first entry of X-Forwarded-For is taken, which the client writes: count from the right (PROXY_HOPS=1)',
  );
  expectStatus(await enter(server, 'visitor', `${from}, ${elsewhere}`), 200, {
    sent: `${sent}, then from another address, with the first one on the left`,
    usually: 'the first entry of X-Forwarded-For is taken, or there is one count for all addresses',
  });
}

export async function judgeLimitPasses(): Promise<void> {
  const { server } = await openHall('brisk');
  await register('patient');
  const sent = `LOGIN_ACCOUNT_LIMIT=${BRISK_ACCOUNT_LIMIT}, LOGIN_WINDOW_MS=${BRISK_WINDOW_MS}, as many wrong passwords`;
  const maxS = Math.ceil(BRISK_WINDOW_MS / 1000);
  let since = 0;
  let round = 0;
  for (let refused = false; !refused; round += 1) {
    // On a machine that stands still for as long as the window, there is room again: then it takes another round.
    if (round === ROUNDS) {
      throw new CheckpointFailure({
        sent,
        expected: 'status 429 for the next attempt',
        received: 'another status, in every round',
        usually: 'log-ins are not limited by account',
      });
    }
    since = performance.now();
    const wrong = Array.from({ length: BRISK_ACCOUNT_LIMIT }, (_, i) =>
      guess(server, 'patient', address(100 + round * 10 + i)),
    );
    await Promise.all(wrong);
    const next = await guess(server, 'patient', address(109 + round * 10));
    refused = next.status === 429;
    if (refused) expectTooMany(next, sent, 'the limit', maxS);
  }
  const answer = await pollUntil(
    () => enter(server, 'patient', address(99)),
    ({ status }) => status !== 429,
    {
      withinMs: ROOM_WITHIN_MS,
      everyMs: 50,
      otherwise: () =>
        new CheckpointFailure({
          sent: `${sent}, then the right password again and again`,
          expected: 'status 200 when LOGIN_WINDOW_MS have passed since the wrong ones',
          received: 'status 429, again and again',
          usually: 'attempts that are refused are counted too, so whoever goes on trying keeps everybody out for ever',
        }),
    },
  );
  const elapsedMs = performance.now() - since;
  expectStatus(answer, 200, { sent: `${sent}, then the right password`, usually: 'the log-in fails' });
  check(round > 1 || elapsedMs >= BRISK_WINDOW_MS, {
    sent: `${sent}, then the right password again and again`,
    expected: `status 429 until ${BRISK_WINDOW_MS} ms have passed since the first attempt`,
    received: `status 200 after ${Math.round(elapsedMs)} ms`,
    usually: 'the window ends with the clock (at the full minute or second) and not a window after the attempt',
  });
}
