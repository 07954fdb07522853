import type { Adventurer, TavernClient } from './tavern-client.ts';

/** How many may accept one quest, and how many quests one may accept: the lab's own limits. */
export const PLACES = 20;
export const MAX_ENGAGEMENTS = 3;
export const REWARD = 10;
const REGISTERING_AT_ONCE = 4;
const GOLD = 1_000_000;

/** Registers so many; log-ins are made slow on purpose, so several at once. */
export async function registerCrowd(client: TavernClient, count: number): Promise<Adventurer[]> {
  const crowd: Adventurer[] = [];
  await inParallel(REGISTERING_AT_ONCE, count, async () => {
    crowd.push(await client.register());
  });
  return crowd;
}

/** A quest with its places all free, of a guild of its own that can pay for them. */
export async function freshQuest(client: TavernClient, { token }: Adventurer): Promise<string> {
  return client.postQuest(token, await client.fundGuild(token, GOLD), REWARD);
}

/** Runs `work` for 0, 1, … `count` - 1, by so many workers that each take the next one. */
export async function inParallel(workers: number, count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const take = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: workers }, take));
}

export function pick<T>(items: readonly T[], i: number): T {
  const item = items[i % items.length];
  if (item === undefined) throw new Error('picked from nothing');
  return item;
}
