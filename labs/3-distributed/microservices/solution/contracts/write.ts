/**
 * Writes down what consumers read, as Pact files beside this one: `node contracts/write.ts`. The consumers' own code runs
 * against a stand-in for the provider, so a contract asks for what is used, and for nothing else. No service is needed.
 * `npm run format` then lays the files out as the others are.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MatchersV3, PactV4 } from '@pact-foundation/pact';
import { readOffer } from '../gateway/offer.ts';
import { createAsk } from '../gateway/upstream.ts';
import { majorOf, parseEvent } from '../messaging/event.ts';

const { fromProviderState, integer, regex, string, uuid } = MatchersV3;
const dir = fileURLToPath(new URL('.', import.meta.url));
// Pact adds to a file that is there: what nobody reads any more has to go.
for (const file of readdirSync(dir)) if (file.endsWith('.json')) rmSync(join(dir, file));
const options = { dir, logLevel: 'warn' } as const;

const QUEST_ID = '2f1c0f6e-5d0a-4d7c-9d7e-0d4a6f1c2b3a';
const GUILD = 'lanterns';
const ACCOUNT_ID = '7b0c9f58-1c44-4a5e-8f0a-3b1f2d4c5e6f';
const SECRET = 'known to the gateway and the services';
const DEADLINE_MS = 5_000;
/** A place where the verifier puts in what the provider has. */
const placeOf = (name: string): string => `\${${name}}`;
const QUEST_PATH = fromProviderState(`/quests/${placeOf('questId')}`, `/quests/${QUEST_ID}`) as unknown as string;
const TREASURY_PATH = fromProviderState(`/treasuries/${placeOf('guild')}`, `/treasuries/${GUILD}`) as unknown as string;
const guild = () => regex('[a-z][a-z0-9-]*', GUILD);

/** What every request of the gateway carries. */
const identity = {
  'Tavern-Account': fromProviderState(placeOf('accountId'), ACCOUNT_ID),
  'Tavern-Internal': fromProviderState(placeOf('internalSecret'), SECRET),
};

// #region http-contract
const contractWith = (provider: string) => new PactV4({ consumer: 'gateway', provider, ...options }).addInteraction();

const questRead = () =>
  contractWith('quests')
    .given('a quest')
    .uponReceiving('a read of a quest')
    .withRequest('GET', QUEST_PATH, (request) => request.headers(identity))
    .willRespondWith(200, (response) =>
      response.jsonBody({ id: uuid(QUEST_ID), title: string('Rats'), guild: guild(), reward: integer(60) }),
    );

const treasuryRead = () =>
  contractWith('rewards')
    .given('a treasury')
    .uponReceiving('a read of a treasury')
    .withRequest('GET', TREASURY_PATH, (request) => request.headers(identity))
    .willRespondWith(200, (response) => response.jsonBody({ gold: integer(100) }));

const noQuestRead = () =>
  contractWith('quests')
    .given('no such quest')
    .uponReceiving('a read of a quest that is not there')
    .withRequest('GET', QUEST_PATH, (request) => request.headers(identity))
    .willRespondWith(404);

const noTreasuryRead = () =>
  contractWith('rewards')
    .given('no treasury')
    .uponReceiving('a read of a treasury that is not there')
    .withRequest('GET', TREASURY_PATH, (request) => request.headers(identity))
    .willRespondWith(404);

const offer = { status: 200, questId: QUEST_ID, title: 'Rats', reward: 60 };
await questRead().executeTest((quests) =>
  treasuryRead().executeTest(async (rewards) => {
    expect(await offerOf(quests.url, rewards.url), { ...offer, payable: true });
  }),
);
await questRead().executeTest((quests) =>
  noTreasuryRead().executeTest(async (rewards) => {
    expect(await offerOf(quests.url, rewards.url), { ...offer, payable: false });
  }),
);
await noQuestRead().executeTest(async ({ url }) => expect(await offerOf(url, url), { status: 404 }));

/** What the gateway makes of the answers of both. */
async function offerOf(questsUrl: string, rewardsUrl: string): Promise<unknown> {
  const ask = createAsk({ upstreams: { quests: questsUrl, rewards: rewardsUrl }, internalSecret: SECRET });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const answer = await readOffer(ask, QUEST_ID, { accountId: ACCOUNT_ID, requestId: 'contract', signal });
  return { status: answer.status, ...(answer.status === 200 ? (JSON.parse(answer.body) as object) : {}) };
}
// #endregion http-contract

// #region message-contract
const envelope = (type: string, source: string, dataversion: string) => ({
  specversion: '1.0',
  id: string('5c1f'),
  source,
  type,
  dataversion: regex('1\\.\\d+', dataversion),
});

const eventFrom = (provider: string) =>
  new PactV4({ consumer: 'rewards', provider, ...options }).addAsynchronousInteraction();

await eventFrom('accounts')
  .given('somebody has registered')
  .expectsToReceive('account.registered', (message) =>
    message.withJSONContent({
      ...envelope('account.registered', 'accounts', '1.1'),
      data: { accountId: uuid(ACCOUNT_ID), gift: integer(100) },
    }),
  )
  .executeTest(readable);

await eventFrom('quests')
  .given('somebody has asked for a quest')
  .expectsToReceive('acceptance.requested', (message) =>
    message.withJSONContent({
      ...envelope('acceptance.requested', 'quests', '1.0'),
      data: { acceptanceId: uuid(QUEST_ID), guild: guild(), reward: integer(60), adventurerId: uuid(ACCOUNT_ID) },
    }),
  )
  .executeTest(readable);
// #endregion message-contract

/** What the inbox needs before it gives an event to anybody. */
async function readable({ contents }: { readonly contents: { readonly content?: unknown } }): Promise<void> {
  const event = parseEvent(Buffer.from(JSON.stringify(contents.content)));
  if (event === undefined || majorOf(event) !== 1) throw new Error('the consumer cannot read its own contract');
}

function expect(given: unknown, wanted: unknown): void {
  if (JSON.stringify(given) !== JSON.stringify(wanted)) {
    throw new Error(`the consumer made ${JSON.stringify(given)} of the contract, and not ${JSON.stringify(wanted)}`);
  }
}
