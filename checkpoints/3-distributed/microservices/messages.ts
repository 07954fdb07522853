import { randomUUID } from 'node:crypto';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { statusOf } from '../../harness/http-exchange.ts';
import { createRandom } from '../../harness/random.ts';
import { exchange, expectStatus } from './exchange.ts';
import {
  type Adventurer,
  accept,
  expectBooks,
  expectState,
  freshName,
  fundedGuild,
  GIFT,
  MAX_ENGAGEMENTS,
  postQuest,
  purseOf,
  register,
  registration,
  settled,
} from './tales.ts';
import type { Heard } from './tap.ts';
import { otherTown, sharedTown, type Town } from './town.ts';

const LOST =
  'the event is published after the commit, by the code that committed: a crash in between, and nobody is ever told';
/** How often a fence is sent through a queue: consumers may take several messages at once. */
const FENCES = 3;

/** Registers with the drill armed, and fails unless the gift comes all the same, and once. */
async function expectGiftAfter(town: Town, point: 'after-commit' | 'before-publish' | 'after-publish'): Promise<void> {
  const name = freshName('brida');
  const sent = `POST /accounts, with accounts dying at the point ${point}`;
  await town.arm('accounts', point);
  const first = await exchange(town.gateway, 'POST', '/accounts', registration(name));
  check(first.status !== 409, {
    sent,
    expected: 'status 201, or 503 if it died before its answer',
    received: statusOf(first),
    usually:
      'the gateway asks again when an answer is lost. It had been done: somebody is told that their name is taken, by themselves',
    details: first.details,
  });
  check(first.status === 201 || first.status === 503, {
    sent,
    expected: 'status 201, or 503 if it died before its answer',
    received: statusOf(first),
    usually: 'a service that dies becomes another answer than the one for services that are down',
    details: first.details,
  });
  await town.drilled('accounts', point);
  const someone = await register(town.gateway, name);
  const usually = point === 'after-publish' ? 'the event came twice, and was taken for two' : LOST;
  const gold = await purseOf(town.gateway, someone, someone.id, { sent, usually });
  check(gold === GIFT, { sent, expected: `a purse with ${GIFT} gold`, received: `${gold} gold`, usually });
}

export async function losesNoEvent(): Promise<void> {
  const town = await sharedTown();
  for (const point of ['after-commit', 'before-publish', 'after-publish'] as const) await expectGiftAfter(town, point);
}

export async function tellsNoGhosts(): Promise<void> {
  const town = await sharedTown();
  const name = freshName('ghost');
  const sent = 'POST /accounts, with accounts dying at the point before-commit';
  await town.arm('accounts', 'before-commit');
  const reply = await exchange(town.gateway, 'POST', '/accounts', registration(name));
  expectStatus(reply, 503, { sent, usually: 'the answer is given before the commit' });
  await town.drilled('accounts', 'before-commit');
  // Made anew: it must not have been there, and then there is one event of it.
  const again = await pollUntil(
    () => exchange(town.gateway, 'POST', '/accounts', registration(name)),
    ({ status }) => status !== 503,
    {
      withinMs: 20_000,
      everyMs: 25,
      otherwise: (last) =>
        new CheckpointFailure({
          sent,
          expected: 'accounts to come back',
          received: statusOf(last),
          usually: 'nobody starts it again',
        }),
    },
  );
  expectStatus(again, 201, {
    sent: `${sent}; then the same once more`,
    usually: 'the row was committed before the point',
  });
  const someone = await register(town.gateway, name);
  const isOurs = (event: { readonly data?: Readonly<Record<string, unknown>> }) => event.data?.name === name;
  const usually = 'the event is published first, and tells of an account that was never committed';
  const mine = await town.tap.hear(
    ({ type, event }) => type === 'account.registered' && isOurs(event),
    'account.registered',
    LOST,
  );
  await purseOf(town.gateway, someone, someone.id, { sent, usually: LOST });
  const ids = new Set(town.tap.heard.filter(({ event }) => isOurs(event)).map(({ event }) => event.id));
  check(ids.size === 1 && mine.event.data?.accountId === someone.id, {
    sent: `${sent}; then the same once more`,
    expected: 'one account.registered of this name, with the account that there is',
    received: `${ids.size === 1 ? 'one of another account' : 'two of them, one of an account that does not exist'}`,
    usually,
  });
}

/** One saga of each kind of end, and what came of them. */
async function threeSagas(town: Town) {
  const { gateway } = town;
  const who = await register(gateway);
  const guild = await fundedGuild(gateway, who, 100);
  const quest = await postQuest(gateway, who, { guild, reward: 10 });
  const dear = await postQuest(gateway, who, { guild, reward: 500 });
  const refused = await accept(gateway, who, dear);
  expectState(await settled(gateway, who, refused), 'refused', 'treasury-empty', {
    sent: 'a quest that is too dear',
    usually: 'the treasury is not asked',
  });
  for (let i = 0; i < MAX_ENGAGEMENTS; i += 1) {
    const state = await settled(gateway, who, await accept(gateway, who, quest));
    expectState(state, 'accepted', null, {
      sent: 'a quest that may be accepted',
      usually: 'something is refused without a reason',
    });
  }
  const busy = await settled(gateway, who, await accept(gateway, who, quest));
  expectState(busy, 'refused', 'adventurer-busy', {
    sent: 'a fourth quest',
    usually: 'the limit of the adventurer is not kept',
  });
  const books = {
    guild,
    deposited: 100,
    promised: 30,
    quests: [
      { quest, accepted: MAX_ENGAGEMENTS },
      { quest: dear, accepted: 0 },
    ],
    adventurers: [{ who, accepted: MAX_ENGAGEMENTS }],
  };
  return { who, books };
}

/** Sends a saga and a registration through all queues, so that what was there before has been taken. */
async function fence(town: Town, who: Adventurer): Promise<void> {
  const { gateway } = town;
  for (let i = 0; i < FENCES; i += 1) {
    const other = await register(gateway);
    const guild = await fundedGuild(gateway, other, 5);
    await settled(gateway, other, await accept(gateway, other, await postQuest(gateway, who, { guild, reward: 5 })));
    await purseOf(gateway, other, other.id, { sent: 'POST /accounts', usually: LOST });
  }
}

export async function takesEachEventOnce(seed: number): Promise<void> {
  const town = await sharedTown();
  await town.listening();
  const before = town.tap.heard.length;
  const { who, books } = await threeSagas(town);
  await purseOf(town.gateway, who, who.id, { sent: 'POST /accounts', usually: LOST });
  const types = () => new Set(town.tap.heard.slice(before).map(({ type }) => type));
  await town.tap.hear(
    ({ type }) => type === 'acceptance.settled',
    'acceptance.settled',
    'the end of a saga is told to nobody',
  );
  check(types().has('acceptance.requested') && types().has('account.registered'), {
    sent: 'four acceptances',
    expected: 'account.registered, acceptance.requested and acceptance.settled on the exchange',
    received: [...types()].sort().join(', ') || 'nothing',
    usually: 'services talk to one another in another way than by events on the exchange of the brief',
  });
  const random = createRandom(seed);
  const events = town.tap.heard.slice(before);
  const repeats = [...events, ...events]
    .map((each) => ({ each, order: random.next() }))
    .sort((a, b) => a.order - b.order);
  for (const { each } of repeats) await town.tap.publish(each.type, each.content, each.properties);
  await fence(town, who);
  const sent = 'all events of four acceptances, each twice more, in another order';
  const usually =
    'a broker delivers at least once. The effect is there twice: remember the id of an event in the transaction of its effect';
  await expectBooks(town.gateway, books, { sent, usually });
  const gold = await purseOf(town.gateway, who, who.id, { sent, usually });
  check(gold === GIFT, { sent, expected: `a purse with ${GIFT} gold`, received: `${gold} gold`, usually });
}

interface Registered {
  readonly dataversion: string;
  readonly data: object;
  readonly more?: object;
}

/** `account.registered` as somebody else's version of accounts would tell it. */
async function tellRegistered(town: Town, { dataversion, data, more }: Registered): Promise<Buffer> {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: 'accounts',
    type: 'account.registered',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataversion,
    requestid: `version.${randomUUID()}`,
    ...more,
    data,
  };
  const content = Buffer.from(JSON.stringify(event));
  await town.tap.publish(event.type, content, { messageId: event.id, type: event.type, persistent: true });
  return content;
}

export async function readsNewerAndOlder(): Promise<void> {
  const town = await otherTown();
  await town.listening();
  const reader = await town.resident();
  const expectGift = async (
    what: string,
    gold: number,
    usually: string,
    registered: Omit<Registered, 'data'> & { data?: object },
  ) => {
    const accountId = randomUUID();
    const data = { accountId, name: freshName('somebody'), ...registered.data };
    const sent = `account.registered ${registered.dataversion}, ${what}`;
    await tellRegistered(town, { ...registered, data });
    const isPutAside = async () => (await town.tap.takeParked()).some((each) => each.includes(accountId));
    const given = await purseOf(town.gateway, reader, accountId, { sent, usually }, isPutAside);
    check(given === gold, { sent, expected: `a purse with ${gold} gold`, received: `${given} gold`, usually });
  };
  await expectGift(
    'without gift, as it was before 1.1',
    100,
    'a producer that was not updated yet is not understood any more: a new field needs a default',
    { dataversion: '1.0' },
  );
  await expectGift('with a gift of 25', 25, 'the field gift is not read', { dataversion: '1.1', data: { gift: 25 } });
  const stranger = 'a consumer that knows 1.1 refuses 1.9: accounts cannot be updated before rewards is';
  await expectGift('with fields that nobody here knows', 40, stranger, {
    dataversion: '1.9',
    data: { gift: 40, familiar: { kind: 'cat' }, titles: ['Dame'] },
    more: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tenant: 7 },
  });
  await expectGift('with two digits', 41, 'versions are compared as text or as fractions: "1.10" is newer than "1.9"', {
    dataversion: '1.10',
    data: { gift: 41 },
  });
}

export async function parksWhatIsTooNew(): Promise<void> {
  const town = await otherTown();
  await town.listening();
  const reader = await town.resident();
  await town.tap.takeParked();
  const accountId = randomUUID();
  const contents = [
    await tellRegistered(town, {
      dataversion: '2.0',
      data: { account: { id: accountId }, accountId, gift: { gold: 7 } },
    }),
    Buffer.from('no JSON at all'),
    Buffer.from(JSON.stringify({ hello: 'no event' })),
  ];
  for (const content of contents.slice(1)) await town.tap.publish('account.registered', content);
  const next = randomUUID();
  await tellRegistered(town, { dataversion: '1.1', data: { accountId: next, name: 'next', gift: 12 } });
  const usually =
    'what cannot be read is given back to its queue, comes again at once, and for ever: nothing behind it gets its turn';
  const sent = 'account.registered 2.0, two messages that are no events, and one of 1.1 behind them';
  const gold = await purseOf(town.gateway, reader, next, { sent, usually });
  check(gold === 12, { sent, expected: 'a purse with 12 gold for the last one', received: `${gold} gold`, usually });
  const parked: Buffer[] = [];
  await pollUntil(
    async () => parked.push(...(await town.tap.takeParked())),
    (count) => count >= contents.length,
    {
      withinMs: 8_000,
      everyMs: 25,
      otherwise: (count) =>
        new CheckpointFailure({
          sent,
          expected: 'the first three in the queue parked',
          received: count === 0 ? 'nothing there' : 'only some of them',
          usually:
            'what cannot be read is acknowledged and gone: when the newer consumer is there, nobody has the event any more',
        }),
    },
  );
  const strange = contents.find((content) => !parked.some((each) => each.equals(content)));
  check(strange === undefined && parked.length === contents.length, {
    sent,
    expected: 'the three messages in the queue parked, byte by byte as they came, each once',
    received: strange === undefined ? 'some of them twice' : 'other bytes',
    usually: 'what is parked was written anew, without what its reader did not know',
    details: parked.map((each) => each.toString('utf8').slice(0, 200)),
  });
  const none = await exchange(town.gateway, 'GET', `/purses/${accountId}`, { token: reader.token });
  expectStatus(none, 404, {
    sent,
    usually: 'an event of a major version that nobody here knows was taken for one of 1',
  });
}

export async function survivesItsBroker(): Promise<void> {
  const town = await sharedTown();
  await town.listening();
  const { gateway, broker } = town;
  const who = await register(gateway);
  const guild = await fundedGuild(gateway, who, 100);
  const quest = await postQuest(gateway, who, { guild, reward: 10 });
  const late =
    'with the broker away a request waits for it, or fails: what is committed with its event needs no broker';
  // Frozen: bytes leave, and neither they nor a confirm arrive. Then all connections are cut, and what was in them is gone.
  broker.freeze();
  let newcomer: Adventurer;
  let id: string;
  try {
    newcomer = await register(gateway);
    const put = await exchange(gateway, 'PUT', `/acceptances/${randomUUID()}`, {
      json: { questId: quest.id },
      token: who.token,
    });
    expectStatus(put, 202, { sent: 'PUT /acceptances/{id} while the broker does not answer', usually: late });
    id = String(put.headers.location).replace('/acceptances/', '');
    // Time for whoever believes that what was written to a socket has arrived.
    const { token } = who;
    for (let i = 0; i < 60; i += 1) await exchange(gateway, 'GET', `/quests/${quest.id}`, { token });
  } finally {
    broker.reset();
    broker.unfreeze();
  }
  const sent = 'a broker that was frozen, then lost all its connections, and came back';
  const usually =
    'an event counts as published when it is written to the socket. Wait for the broker’s confirm, and connect again';
  expectState(await settled(gateway, who, id, sent), 'accepted', null, { sent, usually });
  const isTheirs = ({ type, event }: Heard) => type === 'account.registered' && event.data?.accountId === newcomer.id;
  await town.tap.hear(isTheirs, 'account.registered of somebody who came while it was frozen', usually);
  const gold = await purseOf(gateway, newcomer, newcomer.id, { sent, usually });
  check(gold === GIFT, { sent, expected: `a purse with ${GIFT} gold`, received: `${gold} gold`, usually });
  for (let round = 0; round < 3; round += 1) {
    broker.reset();
    const next = await accept(gateway, who, quest);
    broker.reset();
    await settled(gateway, who, next, 'connections to the broker that are cut again and again');
  }
  await expectBooks(
    gateway,
    { guild, deposited: 100, promised: 30, quests: [{ quest, accepted: 3 }], adventurers: [{ who, accepted: 3 }] },
    { sent, usually: 'what was repeated after the cut had its effect twice' },
  );
}
