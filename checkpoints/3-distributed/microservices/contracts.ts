import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import type { ContractOutcome, ContractTask } from './contract-verifier.ts';
import { accept, fundedGuild, postQuest, register, settled } from './tales.ts';
import { INTERNAL_SECRET, sharedTown } from './town.ts';

const VERIFIER = fileURLToPath(new URL('./contract-verifier.ts', import.meta.url));
const CONTRACTS = fileURLToPath(
  new URL('../../../labs/3-distributed/microservices/starter/contracts/', import.meta.url),
);
const VERIFIED_WITHIN_MS = 30_000;
const run = promisify(execFile);

/** Holds a provider, or its messages, against what one consumer has written down. */
async function verify(task: Omit<ContractTask, 'file'>, consumer: string): Promise<void> {
  const file = `${CONTRACTS}${consumer}-${task.provider}.json`;
  const env = { ...process.env, PACT_DO_NOT_TRACK: 'true' };
  const options = { env, timeout: deadlineMs(VERIFIED_WITHIN_MS), maxBuffer: 4 * 1024 * 1024 };
  const { stdout } = await run(process.execPath, [VERIFIER, JSON.stringify({ ...task, file })], options);
  const line = /^OUTCOME (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`Pact's verifier has told nothing: ${stdout.slice(-500)}`);
  const { ok, mismatches } = JSON.parse(line) as ContractOutcome;
  if (ok) return;
  throw new CheckpointFailure({
    sent: `contracts/${consumer}-${task.provider}.json, held against ${task.provider} by Pact`,
    expected: `${task.provider} to keep the contract of its consumer ${consumer}`,
    received: plain(mismatches[0] ?? 'a mismatch'),
    usually:
      'a provider has changed what somebody reads: add beside it first, and take away only what no contract names',
    details: mismatches.map(plain),
  });
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
  const town = await sharedTown();
  const someone = await register(town.gateway);
  const guild = await fundedGuild(town.gateway, someone, 100);
  const quest = await postQuest(town.gateway, someone, { guild, reward: 60 });
  const identity = { accountId: someone.id, internalSecret: INTERNAL_SECRET };
  const baseUrl = (name: 'quests' | 'rewards') => `http://127.0.0.1:${town.serviceOf(name).port}`;
  await verify(
    {
      provider: 'quests',
      baseUrl: baseUrl('quests'),
      states: {
        'a quest': { questId: quest.id, ...identity },
        'no such quest': { questId: randomUUID(), ...identity },
      },
    },
    'gateway',
  );
  await verify(
    {
      provider: 'rewards',
      baseUrl: baseUrl('rewards'),
      states: { 'a treasury': { guild, ...identity }, 'no treasury': { guild: 'nobody', ...identity } },
    },
    'gateway',
  );
}

export async function keepsEventContracts(): Promise<void> {
  const town = await sharedTown();
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
  const messages = { 'account.registered': registered.event, 'acceptance.requested': requested.event };
  const states = { 'somebody has registered': {}, 'somebody has asked for a quest': {} };
  await verify({ provider: 'accounts', messages, states }, 'rewards');
  await verify({ provider: 'quests', messages, states }, 'rewards');
}
