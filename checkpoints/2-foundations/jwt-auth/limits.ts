import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { expectProblem, expectStatus } from './answers.ts';
import {
  BRISK_ACCOUNT_LIMIT,
  BRISK_WINDOW_MS,
  GATE_ACCOUNT_LIMIT,
  openHall,
  passwordOf,
  register,
  STRICT_ACCOUNT_LIMIT,
  STRICT_ADDRESS_LIMIT,
  STRICT_PROXY_HOPS,
} from './hall.ts';
import { type Answer, call } from './http-client.ts';

const ROOM_WITHIN_MS = 8_000;
const WINDOW_S = 3_600;
const ROUNDS = 5;

/** Documentation addresses (RFC 5737), each used once. */
function address(n: number): string {
  return `198.51.100.${n}`;
}

/** X-Forwarded-For as it comes to a server behind two proxies: the outer one has written where the client is. */
function throughTwo(from: string): string {
  return `${from}, 192.0.2.1`;
}

function guess(server: Program, username: string, forwarded: string): Promise<Answer> {
  return call(server, '/sessions', { body: { username, password: 'not the password' }, address: forwarded });
}

function enter(server: Program, username: string, forwarded: string): Promise<Answer> {
  return call(server, '/sessions', { body: { username, password: passwordOf(username) }, address: forwarded });
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
  const { server: hall } = await openHall('hall');
  await register('owner');
  await register('lodger');
  const [home, office, den] = [throughTwo(address(1)), address(2), throughTwo(address(3))];
  const right = { sent: 'POST /sessions with the right password', usually: 'the log-in fails' };
  expectStatus(await enter(server, 'owner', home), 200, right);
  for (const from of [home, den]) expectStatus(await enter(server, 'lodger', from), 200, right);
  expectStatus(await enter(hall, 'owner', office), 200, right);
  const limit = STRICT_ACCOUNT_LIMIT;
  const together = `LOGIN_ACCOUNT_LIMIT=${limit}, and ${limit * 2} wrong passwords at the same moment, from as many addresses`;
  const burst = await Promise.all(
    Array.from({ length: limit * 2 }, (_, i) =>
      guess(server, i % 2 === 0 ? 'owner' : 'OWNER', throughTwo(address(10 + i))),
    ),
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
    await enter(server, 'owner', throughTwo(address(20))),
    `${together}, then the right password from a stranger's address`,
    'the right password is let through: then guessing goes on as if there were no limit',
  );
  expectStatus(await enter(server, 'owner', home), 200, {
    sent: `${together}, then the owner from an address that has logged in before`,
    expected: 'status 200: strangers cannot lock the owner out',
    usually: 'one count for everybody: whoever fails on purpose locks the owner out, for as long as they like',
  });
  expectStatus(await enter(server, 'owner', throughTwo(office)), 200, {
    sent: `${together}, then the owner from an address that has logged in at another server with the same database`,
    expected: 'status 200: the address is familiar to the account, wherever it has logged in',
    usually: 'familiar addresses live in the memory of a process, so each restart makes strangers of all owners',
  });
  expectTooMany(
    await guess(server, 'owner', throughTwo(address(21))),
    `${together}, then a log-in of the owner, then a stranger again`,
    "a success clears the count, so each log-in of the owner gives the strangers' guesses a fresh start",
  );
  expectTooMany(
    await guess(server, 'owner', den),
    `${together}, then a guess from an address that has logged in to another account`,
    'an address that has logged in to any account is familiar to all of them: with one of your own you guess on',
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
  expectStatus(await enter(server, 'lodger', home), 200, {
    sent: `${limit} wrong passwords for one account from an address that is familiar to two, then the right one for the other`,
    expected: 'status 200: each account has its own count of that address',
    usually: 'the count of a familiar address is kept by the address only: it belongs to the account and the address',
  });
  const unknown = await Promise.all(
    Array.from({ length: limit + 1 }, (_, i) => guess(server, 'nobody.at.all', throughTwo(address(30 + i)))),
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
  const newcomer = { username: 'newcomer', password: passwordOf('newcomer') };
  const limit = STRICT_ADDRESS_LIMIT;
  const registerAs = (body: object) => call(server, '/accounts', { body, address: throughTwo(from) });
  for (const body of [{ ...newcomer, password: 'too short' }, { username: 'newcomer' }]) {
    const step = { sent: 'POST /accounts with a body that is not acceptable', usually: 'the body is used unchecked' };
    expectStatus(await registerAs(body), 400, step);
  }
  const sent = `LOGIN_ADDRESS_LIMIT=${limit}, two registrations that got 400, ${limit - 1} log-ins as different users and a registration from one address`;
  const early = 'a registration that got 400 is counted too, though no password was hashed for it';
  for (const answer of await Promise.all(
    Array.from({ length: limit - 1 }, (_, i) => guess(server, `spray.${i}`, throughTwo(from))),
  )) {
    expectStatus(answer, 401, { sent, usually: early });
  }
  const welcome = await enter(server, 'visitor', throughTwo(from));
  expectStatus(welcome, 200, { sent: 'a log-in with room left', usually: early });
  expectStatus(await registerAs(newcomer), 201, { sent, usually: early });
  const next = await enter(server, 'visitor', throughTwo(from));
  expectTooMany(
    next,
    `${sent}, then the right password`,
    next.status === 429 ? 'the form' : await whyRoomIsLeft(server),
  );
  expectTooMany(
    await registerAs({ ...newcomer, username: 'newcomer.two' }),
    `${sent}, then another registration`,
    'registrations have no limit',
  );
  const hops = `PROXY_HOPS=${STRICT_PROXY_HOPS}`;
  expectTooMany(
    await enter(server, 'visitor', `${elsewhere}, 10.0.0.1,${throughTwo(from)}`),
    `${sent}, then X-Forwarded-For with other addresses on the left`,
    `the first entry of X-Forwarded-For is taken, which the client writes: count from the right (${hops})`,
  );
  expectStatus(await enter(server, 'visitor', `${from}, ${throughTwo(elsewhere)}`), 200, {
    sent: `${sent}, then from another address, with the first one on the left`,
    expected: `status 200: with ${hops} the second entry from the right is the client`,
    usually: 'the last entry of X-Forwarded-For is taken, however many proxies there are, so everybody is one client',
  });
  await expectHeaderIgnored();
}

/** Guesses at accounts that do not exist, from an address of their own: do they count for it? */
async function whyRoomIsLeft(server: Program): Promise<string> {
  const from = throughTwo(address(60));
  for (let i = 0; i < STRICT_ADDRESS_LIMIT; i += 1) await guess(server, `spray.again.${i}`, from);
  const { status } = await guess(server, 'spray.again', from);
  return status === 429
    ? 'a success clears the count of its address, or a registration does not count: each costs a hash, and tells of a name'
    : 'user names that do not exist are not counted for the address, or it has no count at all: so it may try one password on every account';
}

/** Without a proxy before the server, whoever connects has written X-Forwarded-For. */
async function expectHeaderIgnored(): Promise<void> {
  const { server } = await openHall('gate');
  await register('porter');
  const [usual, ...others] = [address(70), address(71), address(72)];
  const sent = `PROXY_HOPS=0, LOGIN_ACCOUNT_LIMIT=${GATE_ACCOUNT_LIMIT}: a log-in, then ${GATE_ACCOUNT_LIMIT} wrong passwords, each with another X-Forwarded-For`;
  expectStatus(await enter(server, 'porter', usual ?? ''), 200, {
    sent: 'POST /sessions',
    usually: 'the log-in fails',
  });
  for (const other of others) {
    const step = { sent, usually: 'failures are counted otherwise than the brief says' };
    expectStatus(await guess(server, 'porter', other), 401, step);
  }
  expectTooMany(
    await enter(server, 'porter', usual ?? ''),
    `${sent}, then the right password with the first X-Forwarded-For`,
    'X-Forwarded-For is believed though no proxy of ours has written it: with PROXY_HOPS=0 the address is that of the connection',
  );
}

/** An answer, and when its request was sent and it was there: the server has seen it somewhere between. */
interface Timed {
  readonly answer: Answer;
  readonly sentAt: number;
  readonly hereAt: number;
}

async function timed(work: () => Promise<Answer>): Promise<Timed> {
  const sentAt = performance.now();
  const answer = await work();
  return { answer, sentAt, hereAt: performance.now() };
}

/** A 429 on `brisk`, with the seconds until the oldest attempt is a window old: as exactly as can be said from outside. */
function expectWait({ answer, sentAt, hereAt }: Timed, oldest: Omit<Timed, 'answer'>, sent: string): void {
  const seconds = (ms: number) => Math.max(1, Math.ceil((ms + BRISK_WINDOW_MS) / 1_000));
  const [least, most] = [seconds(oldest.sentAt - hereAt), seconds(oldest.hereAt - sentAt)];
  expectTooMany(answer, sent, 'the limit', seconds(0));
  const retryAfter = Number(answer.headers['retry-after']);
  check(retryAfter >= least && retryAfter <= most, {
    sent,
    expected: `Retry-After: ${retryAfter < least ? least : most}, until the oldest attempt is ${BRISK_WINDOW_MS} ms old`,
    received: `Retry-After: ${retryAfter}`,
    usually: 'Retry-After is a constant, or rounded down: it says when there is room again, rounded up',
  });
}

export async function judgeLimitPasses(): Promise<void> {
  const { server } = await openHall('brisk');
  await register('patient');
  const outcomes = await Promise.allSettled([expectRoomAgain(server), expectSlidingWindow(server)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function expectRoomAgain(server: Program): Promise<void> {
  const sent = `LOGIN_ACCOUNT_LIMIT=${BRISK_ACCOUNT_LIMIT}, LOGIN_WINDOW_MS=${BRISK_WINDOW_MS}, as many wrong passwords`;
  let oldest = { sentAt: 0, hereAt: 0 };
  const refusals: Timed[] = [];
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
    const sentAt = performance.now();
    const wrong = Array.from({ length: BRISK_ACCOUNT_LIMIT }, (_, i) =>
      guess(server, 'patient', address(100 + round * 10 + i)),
    );
    await Promise.all(wrong);
    oldest = { sentAt, hereAt: performance.now() };
    const next = await timed(() => guess(server, 'patient', address(109 + round * 10)));
    refused = next.answer.status === 429;
    if (refused) refusals.push(next);
  }
  const { answer } = await pollUntil(
    async () => {
      const next = await timed(() => enter(server, 'patient', address(99)));
      if (next.answer.status === 429) refusals.push(next);
      return next;
    },
    (next) => next.answer.status !== 429,
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
  const elapsedMs = performance.now() - oldest.sentAt;
  expectStatus(answer, 200, { sent: `${sent}, then the right password`, usually: 'the log-in fails' });
  // Held against the clock only where one round of attempts was enough, so that we know which of them is the oldest.
  if (round === 1) for (const refusal of refusals) expectWait(refusal, oldest, `${sent}, then the right password`);
  check(round > 1 || elapsedMs >= BRISK_WINDOW_MS, {
    sent: `${sent}, then the right password again and again`,
    expected: `status 429 until ${BRISK_WINDOW_MS} ms have passed since the first attempt`,
    received: `status 200 after ${Math.round(elapsedMs)} ms`,
    usually: 'the window ends with the clock (at the full minute or second) and not a window after the attempt',
  });
}

/** The second wrong password comes half a window after the first, so it still counts when the first is forgotten. */
async function expectSlidingWindow(server: Program): Promise<void> {
  const sent = `LOGIN_ACCOUNT_LIMIT=2, LOGIN_WINDOW_MS=${BRISK_WINDOW_MS}, a wrong password, and another one half a window later`;
  for (let round = 0; round < ROUNDS; round += 1) {
    const attempt = (n: number) => timed(() => guess(server, `sliding.${round}`, address(200 + round * 5 + n)));
    const first = await attempt(0);
    const halfway = first.sentAt + BRISK_WINDOW_MS / 2;
    await pollUntil(
      () => performance.now(),
      (now) => now >= halfway,
      { otherwise: () => new Error('time goes on') },
    );
    const second = await attempt(1);
    const third = await pollUntil(
      () => attempt(2),
      ({ answer }) => answer.status !== 429,
      {
        withinMs: ROOM_WITHIN_MS,
        everyMs: 25,
        otherwise: () =>
          new CheckpointFailure({
            sent: `${sent}; then more of them`,
            expected: 'room for one when the first is a window old',
            received: 'status 429, again and again',
            usually: 'attempts that are refused are counted too',
          }),
      },
    );
    const fourth = await attempt(3);
    for (const { answer } of [first, second, third]) expectStatus(answer, 401, { sent, usually: 'the log-in fails' });
    // On a machine that stands still for half a window nobody can tell: then it takes another round.
    if (fourth.hereAt >= second.sentAt + BRISK_WINDOW_MS) continue;
    expectTooMany(
      fourth.answer,
      `${sent}; when the first is a window old, two more`,
      'the window begins with the first failure and forgets all of them at its end: each is forgotten when it is a window old',
    );
    return;
  }
}
