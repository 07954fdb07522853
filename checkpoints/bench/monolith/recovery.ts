import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { asDatabaseOwner } from './cost.ts';
import { inParallel, PLACES, pick, REWARD, registerCrowd } from './crowd.ts';
import { killed, serving } from './outages.ts';
import { schemaOf } from './rounds.ts';
import type { System } from './systems.ts';
import { TavernClient } from './tavern-client.ts';

/** What is held the same. */
export const RECOVERY = { rounds: 3, crowd: 10, acceptances: 30, clients: 8, killAfter: 10, pollMs: 10 } as const;
const SETTLED_WITHIN_MS = 30_000;

/** What became of acceptances of which some were under way when a process died. */
export interface Recovery {
  readonly system: System['name'];
  readonly killed: string;
  readonly acceptances: number;
  /** Answered while the process was dead or before; the others had to be sent again, with the same id. */
  readonly answered: number;
  /** Answered, and not settled by the time at which the process was started again. */
  readonly waiting: number;
  /** From the order to start it again until none of those was pending; the monolith's: until it served. */
  readonly settledMs: number;
  readonly accepted: number;
  /** Rewards that the treasury holds for nobody, or twice; and rewards that were promised and are not held. */
  readonly tooMany: number;
  readonly tooFew: number;
}

/** Kills what knows of the gold in the middle of acceptances, starts it again, and reads the books of all. */
export async function measureRecovery(system: System): Promise<Recovery> {
  const victim = system.name === 'split' ? 'rewards' : 'first';
  const client = new TavernClient(system.origin);
  const crowd = await registerCrowd(client, RECOVERY.crowd);
  const poster = pick(crowd, 0).token;
  const guild = await client.fundGuild(poster, 10_000);
  const quests = [await client.postQuest(poster, guild, REWARD), await client.postQuest(poster, guild, REWARD)];
  const wanted = Array.from({ length: RECOVERY.acceptances }, (_, i) => ({
    id: randomUUID(),
    who: pick(crowd, i),
    json: { questId: pick(quests, Math.floor(i / PLACES)) },
    answered: false,
  }));
  let bringBack: Promise<() => Promise<void>> | undefined;
  let answers = 0;
  await inParallel(RECOVERY.clients, wanted.length, async (i) => {
    const each = pick(wanted, i);
    const { status } = await client.ask('PUT', `/acceptances/${each.id}`, each.who.token, each.json);
    each.answered = status === 202;
    answers += 1;
    if (answers === RECOVERY.killAfter) bringBack = killed(system, victim);
  });
  const revive = await bringBack;
  await client[Symbol.asyncDispose]();
  const waiting = await pendingIn(system);
  const begun = performance.now();
  await revive?.();
  await until(async () => (await pendingIn(system)) === 0, system);
  const settledMs = Math.round(performance.now() - begun);

  await serving(system);
  await using after = new TavernClient(system.origin);
  let accepted = 0;
  await inParallel(RECOVERY.clients, wanted.length, async (i) => {
    const { id, who, json, answered } = pick(wanted, i);
    // The monolith's key for tokens is made anew at each start.
    const token = system.name === 'monolith' ? await after.logIn(who.name) : who.token;
    if (!answered) await after.must('PUT', `/acceptances/${id}`, token, json);
    if ((await after.settled(token, id, RECOVERY.pollMs)) === 'accepted') accepted += 1;
  });
  const { reserved } = await after.must('GET', `/treasuries/${guild}`, await after.logIn(pick(crowd, 0).name));
  const promises = Number(reserved) / REWARD;
  return {
    system: system.name,
    killed: system.name === 'split' ? victim : 'process',
    acceptances: wanted.length,
    answered: wanted.filter((each) => each.answered).length,
    waiting,
    settledMs,
    accepted,
    tooMany: Math.max(0, promises - accepted),
    tooFew: Math.max(0, accepted - promises),
  };
}

async function until(isSo: () => Promise<boolean>, { name }: System): Promise<void> {
  const end = performance.now() + SETTLED_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`acceptances of ${name} stay pending`);
    await delay(RECOVERY.pollMs);
  }
}

async function pendingIn(system: System): Promise<number> {
  const table = `${schemaOf(system, 'quests')}.acceptances`;
  const [row] = await asDatabaseOwner<{ n: number }>(
    system,
    `SELECT count(*)::int AS n FROM ${table} WHERE state = 'pending'`,
  );
  return row?.n ?? 0;
}
