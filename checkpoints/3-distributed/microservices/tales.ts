import { randomBytes, randomUUID } from 'node:crypto';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { jsonOf, type Method, type Reply, type Sending, statusOf } from '../../harness/http-exchange.ts';
import { type Door, exchange, expectStatus } from './exchange.ts';
import { silenceSince } from './silence.ts';

/** Each service may have to start again in between, on a busy machine. */
const SETTLED_WITHIN_MS = 20_000;
/** A look at what is hopeless costs more than one at the purse. */
const LOOKS_EACH = 10;
const PASSWORD = 'a long enough password';
export const GIFT = 100;
export const MAX_ENGAGEMENTS = 3;

export interface Adventurer {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export interface Quest {
  readonly id: string;
  readonly guild: string;
  readonly reward: number;
  readonly places: number;
}

export interface Acceptance {
  readonly id: string;
  readonly state: string;
  readonly reason: unknown;
}

/** A name that nobody had before, also as the name of a guild. */
export const freshName = (kind: string): string => `${kind}-${randomBytes(6).toString('hex')}`;

export async function logIn(door: Door, name: string): Promise<string> {
  const reply = await persist(door, 'POST', '/sessions', { json: { name, password: PASSWORD } });
  expectStatus(reply, 201, { usually: 'the password of this account is not known any more' });
  return String(jsonOf(reply).token);
}

/** Makes an account, whatever dies meanwhile: where the answer was lost, the account may be there all the same. */
export async function register(door: Door, name = freshName('adventurer')): Promise<Adventurer> {
  const reply = await persist(door, 'POST', '/accounts', registration(name));
  check(reply.status === 201 || reply.status === 409, {
    sent: reply.sent,
    expected: 'status 201',
    received: statusOf(reply),
    usually: 'accounts cannot be made',
    details: reply.details,
  });
  const token = await logIn(door, name);
  const own = await persist(door, 'GET', '/accounts/me', { token });
  expectStatus(own, 200, { usually: 'an account that was made cannot be read with its own token' });
  return { id: String(jsonOf(own).id), name, token };
}

export function registration(name: string): Sending {
  return { json: { name, password: PASSWORD } };
}

/** A guild that owns so much gold. */
export async function fundedGuild(door: Door, { token }: Adventurer, gold: number): Promise<string> {
  const guild = freshName('guild');
  const reply = await persist(door, 'PUT', `/treasuries/${guild}/deposits/${randomUUID()}`, { json: { gold }, token });
  check(reply.status === 201 || reply.status === 200, {
    sent: reply.sent,
    expected: 'status 201',
    received: statusOf(reply),
    usually: 'a deposit is not taken',
    details: reply.details,
  });
  return guild;
}

export async function postQuest(
  door: Door,
  { token }: Adventurer,
  { guild, reward, places = 20 }: { readonly guild: string; readonly reward: number; readonly places?: number },
): Promise<Quest> {
  const json = { title: 'Rats in the cellar', guild, reward, places };
  const reply = await persist(door, 'POST', '/quests', { json, token });
  expectStatus(reply, 201, { usually: 'a quest cannot be made' });
  return { id: String(jsonOf(reply).id), guild, reward, places };
}

/** Asks again while nobody answers or the answer is 503: what a good client does with a request that it may repeat. */
export async function persist(door: Door, method: Method, path: string, sending: Sending = {}): Promise<Reply> {
  return pollUntil(
    () =>
      exchange(door, method, path, sending).catch((error: unknown) => {
        if (error instanceof CheckpointFailure && error.report.received.startsWith('the connection')) return undefined;
        throw error;
      }),
    (reply) => reply !== undefined && reply.status !== 503,
    {
      withinMs: SETTLED_WITHIN_MS,
      everyMs: 25,
      otherwise: (reply) =>
        new CheckpointFailure({
          sent: `${method} ${path}, again and again`,
          expected: 'an answer other than 503 in the end',
          received: reply === undefined ? 'connections that end without an answer' : statusOf(reply),
          usually: 'a service that was away does not come back, or the gateway does not find it again',
          details: door.logTail(),
        }),
    },
  ) as Promise<Reply>;
}

/** Sends a PUT of an acceptance until it has an answer. */
export async function accept(door: Door, { token }: Adventurer, quest: Pick<Quest, 'id'>, id: string = randomUUID()) {
  const reply = await persist(door, 'PUT', `/acceptances/${id}`, { json: { questId: quest.id }, token });
  check(reply.status === 202 || reply.status === 200, {
    sent: reply.sent,
    expected: 'status 202, or 200 for a repeat',
    received: statusOf(reply),
    usually: 'an acceptance is refused that nothing stands against yet',
    details: reply.details,
  });
  return id;
}

function silenceOf({ lastSignMs = () => 0 }: Door): { isLong(): boolean } {
  return silenceSince(lastSignMs);
}

/** Waits until an acceptance is accepted or refused. */
export async function settled(
  door: Door,
  { token }: Adventurer,
  id: string,
  sent = 'PUT /acceptances/{id}',
): Promise<Acceptance> {
  const otherwise = () =>
    new CheckpointFailure({
      sent,
      expected: 'an acceptance that ends as accepted or refused',
      received: 'one that stays pending',
      usually:
        'a step of the saga got lost: its event was not published, or its message was gone before its effect was there',
      details: door.logTail(),
    });
  const isPending = (reply: Reply) => reply.status === 200 && jsonOf(reply).state === 'pending';
  const silence = silenceOf(door);
  const last = await pollUntil(
    () => persist(door, 'GET', `/acceptances/${id}`, { token }),
    (reply) => !isPending(reply) || silence.isLong(),
    { withinMs: SETTLED_WITHIN_MS, everyMs: 15, otherwise },
  );
  if (isPending(last)) throw otherwise();
  expectStatus(last, 200, { sent, usually: 'an acceptance that was answered with 202 is not there any more' });
  const { state, reason } = jsonOf(last);
  return { id, state: String(state), reason };
}

/** Fails unless an acceptance has ended as it must. */
export function expectState(
  acceptance: Acceptance,
  state: string,
  reason: string | null,
  text: { sent: string; usually: string },
): void {
  const shown = (each: string, why: unknown) => (why === null || why === undefined ? each : `${each}, ${String(why)}`);
  check(acceptance.state === state && (acceptance.reason ?? null) === reason, {
    ...text,
    expected: `an acceptance that is ${shown(state, reason)}`,
    received: `one that is ${shown(acceptance.state, acceptance.reason)}`,
  });
}

export interface Books {
  readonly guild: string;
  /** All that was ever paid in. */
  readonly deposited: number;
  /** What the accepted ones get in all. */
  readonly promised: number;
  readonly quests: readonly { readonly quest: Quest; readonly accepted: number }[];
  readonly adventurers: readonly { readonly who: Adventurer; readonly accepted: number }[];
}

/** Fails unless the sums of all three services tell the same story. */
export async function expectBooks(
  door: Door,
  books: Books,
  text: { readonly sent: string; readonly usually: string },
): Promise<void> {
  const [reader] = books.adventurers;
  const token = reader?.who.token ?? '';
  const expect = (what: string, wanted: string, given: string, details: readonly string[]) =>
    check(wanted === given, {
      ...text,
      expected: `${what} as the answers have promised it`,
      received: `${given}, instead of ${wanted}`,
      details,
    });
  const treasury = await persist(door, 'GET', `/treasuries/${books.guild}`, { token });
  const { gold, reserved } = treasury.status === 404 ? { gold: 0, reserved: 0 } : jsonOf(treasury);
  expect(
    'the treasury',
    `gold ${books.deposited - books.promised}, reserved ${books.promised}`,
    `gold ${gold}, reserved ${reserved}`,
    treasury.details,
  );
  for (const { quest, accepted } of books.quests) {
    const reply = await persist(door, 'GET', `/quests/${quest.id}`, { token });
    expect('the quest', `places taken ${accepted}`, `places taken ${jsonOf(reply).taken}`, reply.details);
  }
  for (const { who, accepted } of books.adventurers) {
    const reply = await persist(door, 'GET', '/accounts/me', { token: who.token });
    expect('the adventurer', `engagements ${accepted}`, `engagements ${jsonOf(reply).engagements}`, reply.details);
  }
}

/** Waits until an adventurer has a purse, and gives what is in it. */
export async function purseOf(
  door: Door,
  { token }: Adventurer,
  accountId: string,
  text: { sent: string; usually: string },
  /** Whether it cannot come any more. Asked now and then. */
  isHopeless: () => Promise<boolean> = async () => false,
): Promise<number> {
  let looks = 0;
  const givenUp = async () => (looks++ % LOOKS_EACH === LOOKS_EACH - 1 && (await isHopeless())) || silence.isLong();
  const otherwise = (last: Reply) =>
    new CheckpointFailure({
      ...text,
      expected: 'a purse for the account',
      received: statusOf(last),
      details: door.logTail(),
    });
  const silence = silenceOf(door);
  const { reply } = await pollUntil(
    async () => ({ hopeless: await givenUp(), reply: await persist(door, 'GET', `/purses/${accountId}`, { token }) }),
    ({ hopeless, reply: { status } }) => status !== 404 || hopeless,
    { withinMs: SETTLED_WITHIN_MS, everyMs: 15, otherwise: ({ reply }) => otherwise(reply) },
  );
  if (reply.status === 404) throw otherwise(reply);
  expectStatus(reply, 200, { usually: text.usually, sent: text.sent });
  return Number(jsonOf(reply).gold);
}
