import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { asDatabaseOwner, cpuMsOf } from './cost.ts';
import { freshQuest, inParallel, MAX_ENGAGEMENTS, pick } from './crowd.ts';
import type { System } from './systems.ts';
import type { Adventurer, TavernClient } from './tavern-client.ts';

/** What is held the same for both systems. */
export const ROUNDS = {
  rounds: 5,
  /** One client, one request after the other, of each kind. */
  readsAlone: 200,
  writesAlone: 45,
  /** So many clients at once, each with its next request when it has the answer to the last one. */
  clients: 16,
  readSeconds: 1.2,
  acceptancesTogether: 90,
  /** Between two looks whether an acceptance has ended. */
  pollMs: 2,
} as const;

/** Enough for all acceptances of a round; then everybody is free again. */
export const CROWD = (ROUNDS.writesAlone + ROUNDS.acceptancesTogether) / MAX_ENGAGEMENTS;

export const ALONE = ['readQuest', 'readOffer', 'postQuest', 'acceptAnswered', 'acceptSettled'] as const;
export type Alone = (typeof ALONE)[number];

export interface Round {
  /** Milliseconds of each request. */
  readonly latencies: Readonly<Record<Alone, readonly number[]>>;
  readonly readsPerSecond: number;
  readonly cpuMsPerRead: number;
  /** Until none of them was pending any more. */
  readonly acceptancesPerSecond: number;
  readonly cpuMsPerAcceptance: number;
}

/** A system and those who ask it. */
export interface Side {
  readonly system: System;
  readonly client: TavernClient;
  readonly crowd: readonly Adventurer[];
}

/**
 * All requests, once. Whoever asks alone asks the sides by turns, request by request, so that the machine's mood is
 * everybody's; a crowd takes one side after the other. Engagements are set back in the table afterwards, past the system.
 *
 * @returns what was measured, in the order of the sides.
 */
export async function runRound(sides: readonly Side[]): Promise<Round[]> {
  const alone = await askAlone(sides);
  const rounds: Round[] = [];
  for (const [i, side] of sides.entries()) {
    const reads = await readTogether(side);
    const acceptances = await acceptTogether(side);
    await asDatabaseOwner(side.system, `UPDATE ${schemaOf(side.system, 'accounts')}.accounts SET engagements = 0`);
    rounds.push({ latencies: pick(alone, i), ...reads, ...acceptances });
  }
  return rounds;
}

async function askAlone(sides: readonly Side[]): Promise<Record<Alone, number[]>[]> {
  const latencies = sides.map((): Record<Alone, number[]> => {
    return { readQuest: [], readOffer: [], postQuest: [], acceptAnswered: [], acceptSettled: [] };
  });
  const quests = await Promise.all(sides.map(({ client, crowd }) => freshQuest(client, pick(crowd, 0))));
  const byTurns = async (
    count: number,
    ask: (side: Side, i: number, kinds: Record<Alone, number[]>) => Promise<void>,
  ) => {
    for (let i = 0; i < count; i += 1) {
      for (const [n, side] of sides.entries()) await ask(side, i, pick(latencies, n));
    }
  };
  await byTurns(ROUNDS.readsAlone, async ({ client, crowd, system }, _, kinds) => {
    const quest = pick(
      quests,
      sides.findIndex((side) => side.system === system),
    );
    const { token } = pick(crowd, 0);
    kinds.readQuest.push(await timed(() => client.must('GET', `/quests/${quest}`, token)));
    kinds.readOffer.push(await timed(() => client.must('GET', `/offers/${quest}`, token)));
  });
  await byTurns(ROUNDS.writesAlone, async (side, i, kinds) => {
    const { client, crowd } = side;
    const { token } = pick(crowd, 0);
    kinds.postQuest.push(await timed(() => client.postQuest(token, 'lanterns', 10)));
    await acceptAlone(side, i, kinds);
  });
  return latencies;
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await ask();
  return performance.now() - begun;
}

async function acceptAlone({ client, crowd }: Side, i: number, kinds: Record<Alone, number[]>): Promise<void> {
  const { token } = pick(crowd, Math.floor(i / MAX_ENGAGEMENTS));
  const questId = await freshQuest(client, pick(crowd, 0));
  const id = randomUUID();
  const begun = performance.now();
  const { state } = await client.must('PUT', `/acceptances/${id}`, token, { questId });
  kinds.acceptAnswered.push(performance.now() - begun);
  // The monolith has said it already, and nobody has to ask.
  if (state === 'pending') await expectAccepted(client.settled(token, id, ROUNDS.pollMs));
  kinds.acceptSettled.push(performance.now() - begun);
}

async function readTogether({ system, client, crowd }: Side) {
  const { token } = pick(crowd, 0);
  const quest = await freshQuest(client, pick(crowd, 0));
  let answers = 0;
  const cpuBefore = await cpuMsOf(system);
  const begun = performance.now();
  const end = begun + ROUNDS.readSeconds * 1_000;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      await client.must('GET', `/quests/${quest}`, token);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: ROUNDS.clients }, work));
  const seconds = (performance.now() - begun) / 1_000;
  const cpuMs = (await cpuMsOf(system)) - cpuBefore;
  return { readsPerSecond: answers / seconds, cpuMsPerRead: cpuMs / answers };
}

/** Each client accepts a quest of its own, so that nobody waits for another's row. */
async function acceptTogether({ system, client, crowd: all }: Side) {
  const crowd = all.slice(ROUNDS.writesAlone / MAX_ENGAGEMENTS); // the others are on three quests
  const quests: string[] = [];
  for (let i = 0; i < ROUNDS.clients; i += 1) quests.push(await freshQuest(client, pick(crowd, 0)));
  const cpuBefore = await cpuMsOf(system);
  const begun = performance.now();
  await inParallel(ROUNDS.clients, ROUNDS.acceptancesTogether, async (i) => {
    const json = { questId: pick(quests, i) };
    await client.must('PUT', `/acceptances/${randomUUID()}`, pick(crowd, i).token, json);
  });
  const table = `${schemaOf(system, 'quests')}.acceptances`;
  // Past the system: so many clients who ask again and again would be a load of their own.
  for (;;) {
    const pending = await asDatabaseOwner(system, `SELECT 1 FROM ${table} WHERE state = 'pending' LIMIT 1`);
    if (pending.length === 0) break;
    await delay(ROUNDS.pollMs);
  }
  const seconds = (performance.now() - begun) / 1_000;
  const cpuMs = (await cpuMsOf(system)) - cpuBefore;
  const [refused] = await asDatabaseOwner(system, `SELECT 1 FROM ${table} WHERE state = 'refused' LIMIT 1`);
  if (refused !== undefined) throw new Error(`${system.name} has refused what nothing stood against`);
  return {
    acceptancesPerSecond: ROUNDS.acceptancesTogether / seconds,
    cpuMsPerAcceptance: cpuMs / ROUNDS.acceptancesTogether,
  };
}

async function expectAccepted(ending: Promise<string>): Promise<void> {
  const state = await ending;
  if (state !== 'accepted') throw new Error(`an acceptance is ${state} that nothing stood against`);
}

/** Where a service of the split keeps its tables; the monolith has one place for all. */
export function schemaOf({ name }: Pick<System, 'name'>, service: string): string {
  return name === 'split' ? service : 'public';
}
