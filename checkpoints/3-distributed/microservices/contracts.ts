import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { ContractOutcome, ContractTask } from './contract-verifier.ts';
import { accept, fundedGuild, postQuest, register, settled } from './tales.ts';
import { INTERNAL_SECRET, otherTown, SERVICES } from './town.ts';

const VERIFIER = fileURLToPath(new URL('./contract-verifier.ts', import.meta.url));
const CONTRACTS = fileURLToPath(
  new URL('../../../labs/3-distributed/microservices/starter/contracts/', import.meta.url),
);
const VERIFIED_WITHIN_MS = 30_000;
const run = promisify(execFile);

/** A contract, and who has written it down. */
interface Held extends Omit<ContractTask, 'file'> {
  readonly consumer: string;
}

/** Holds providers, or their messages, against what consumers have written down. Fails for the first that does not fit. */
async function verify(held: readonly Held[]): Promise<void> {
  const env = { ...process.env, PACT_DO_NOT_TRACK: 'true' };
  const options = { env, timeout: deadlineMs(VERIFIED_WITHIN_MS), maxBuffer: 4 * 1024 * 1024 };
  const tasks = held.map(({ consumer, ...task }) => ({
    ...task,
    file: `${CONTRACTS}${consumer}-${task.provider}.json`,
  }));
  const { stdout } = await run(process.execPath, [VERIFIER, JSON.stringify(tasks)], options);
  const outcomes = [...stdout.matchAll(/^OUTCOME (.*)$/gm)].map(([, line = '']) => JSON.parse(line) as ContractOutcome);
  for (const [i, { consumer, provider }] of held.entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined) throw new Error(`Pact's verifier has told nothing: ${stdout.slice(-500)}`);
    if (outcome.ok) continue;
    throw new CheckpointFailure({
      sent: `contracts/${consumer}-${provider}.json, held against ${provider} by Pact`,
      expected: `${provider} to keep the contract of its consumer ${consumer}`,
      received: plain(outcome.mismatches[0] ?? 'a mismatch'),
      usually:
        'a provider has changed what somebody reads: add beside it first, and take away only what no contract names',
      details: outcome.mismatches.map(plain),
    });
  }
}

/** Without the colours of a terminal, and without what is random. */
function plain(text: string): string {
  return text
    .replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replaceAll(/guild-[0-9a-f]{12}/g, '{guild}')
    .slice(0, 240);
}

export async function keepsHttpContracts(): Promise<void> {
  const town = await otherTown();
  const someone = await town.resident();
  const guild = await fundedGuild(town.gateway, someone, 100);
  const quest = await postQuest(town.gateway, someone, { guild, reward: 60 });
  const identity = { accountId: someone.id, internalSecret: INTERNAL_SECRET };
  const baseUrl = (name: 'quests' | 'rewards') => `http://127.0.0.1:${town.serviceOf(name).port}`;
  const quests = {
    'a quest': { questId: quest.id, ...identity },
    'no such quest': { questId: randomUUID(), ...identity },
  };
  const rewards = { 'a treasury': { guild, ...identity }, 'no treasury': { guild: 'nobody', ...identity } };
  await verify([
    { consumer: 'gateway', provider: 'quests', baseUrl: baseUrl('quests'), states: quests },
    { consumer: 'gateway', provider: 'rewards', baseUrl: baseUrl('rewards'), states: rewards },
  ]);
}

export async function keepsEventContracts(): Promise<void> {
  const town = await otherTown();
  await town.listening();
  const someone = await register(town.gateway);
  const guild = await fundedGuild(town.gateway, someone, 100);
  const quest = await postQuest(town.gateway, someone, { guild, reward: 60 });
  const id = await accept(town.gateway, someone, quest);
  await settled(town.gateway, someone, id);
  const usually = 'the event is not published, or in another form than that of the brief';
  const of = (type: string, member: string, value: string) =>
    town.tap.hear(
      (heard) => heard.type === type && heard.event.data?.[member] === value,
      `${type} with this ${member}`,
      usually,
    );
  const registered = await of('account.registered', 'accountId', someone.id);
  const requested = await of('acceptance.requested', 'acceptanceId', id);
  for (const { type, persistent } of [registered, requested]) {
    check(persistent, {
      sent: `a look at ${type} on the exchange`,
      expected: 'a persistent message (delivery mode 2)',
      received: 'one that is gone when the broker restarts',
      usually:
        'a durable queue keeps itself, and not what is in it: each message says for itself whether it is to be kept',
    });
  }
  for (const name of [...SERVICES, 'parked']) {
    const kind = await town.tap.kindOfQueue(name);
    check(kind === 'as it ought to be', {
      sent: `a look at the queue <AMQP_PREFIX>${name}`,
      expected: 'a durable queue without arguments',
      received:
        kind === 'none' ? 'no such queue' : 'a queue of another kind: the broker says 406 (PRECONDITION_FAILED)',
      usually: 'a queue that is not durable is gone when the broker restarts, with every event that waits in it',
    });
  }
  const messages = { 'account.registered': registered.event, 'acceptance.requested': requested.event };
  const states = { 'somebody has registered': {}, 'somebody has asked for a quest': {} };
  await verify([
    { consumer: 'rewards', provider: 'accounts', messages, states },
    { consumer: 'rewards', provider: 'quests', messages, states },
  ]);
}
