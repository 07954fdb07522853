import { randomUUID } from 'node:crypto';
import { freshQuest, pick, registerCrowd } from './crowd.ts';
import type { System } from './systems.ts';
import { type Adventurer, TavernClient } from './tavern-client.ts';

/** What becomes of a request: all of it; some of it, or later; or a refusal or no answer at all. */
export type Fate = 'whole' | 'partly' | 'none';

export const KINDS = [
  'log in',
  'read an account',
  'post a quest',
  'read a quest',
  'read an offer',
  'accept a quest',
  'deposit gold',
  'read a treasury',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Outage {
  readonly system: System['name'];
  /** What is away: a process, or what the system stands on. */
  readonly away: string;
  readonly asked: number;
  /** How many of `asked`, of each kind. */
  readonly fates: Readonly<Record<Kind, Readonly<Record<Fate, number>>>>;
  /** Of all kinds, each as important as the next. */
  readonly answeredPercent: number;
}

export const TRIES = 3;
/** An acceptance that has not ended by then waits for what is away. */
const PROMPT_MS = 1_000;
const POLL_MS = 20;

/** Takes each thing away in turn, asks for everything, and brings it back. */
export async function measureOutages(system: System): Promise<Outage[]> {
  const outages: Outage[] = [];
  for (const { away, take } of thingsToTake(system)) {
    const before = await prepare(system);
    const bringBack = await take();
    try {
      outages.push(await outageOf(system, away, before));
    } finally {
      await before.client[Symbol.asyncDispose]();
      await bringBack();
    }
    await serving(system);
  }
  return outages;
}

interface Thing {
  readonly away: string;
  /** @returns what brings it back. */
  readonly take: () => Promise<() => Promise<void>>;
}

function thingsToTake(system: System): Thing[] {
  const proxied = (away: 'database' | 'broker'): Thing => ({
    away,
    take: async () => {
      const proxy = system.proxies?.[away];
      proxy?.freeze();
      return async () => {
        proxy?.reset();
        proxy?.unfreeze();
      };
    },
  });
  if (system.name === 'monolith') {
    const process = { away: 'process', take: () => killed(system, 'first') };
    return [process, proxied('database')];
  }
  const services = ['accounts', 'quests', 'rewards', 'gateway'];
  return [
    ...services.map((away) => ({ away, take: () => killed(system, away) })),
    proxied('broker'),
    proxied('database'),
  ];
}

/** SIGKILL to one process, and nobody there to start it again: of the split, its first process is stopped meanwhile. */
export async function killed(system: System, name: string): Promise<() => Promise<void>> {
  if (system.name === 'monolith') {
    system.program.kill('SIGKILL');
    await system.program.exited;
    return async () => {
      await system.start();
    };
  }
  const supervisor = system.pidOf('first');
  process.kill(supervisor, 'SIGSTOP');
  process.kill(system.pidOf(name), 'SIGKILL');
  return async () => {
    process.kill(supervisor, 'SIGCONT');
  };
}

interface Prepared {
  readonly client: TavernClient;
  readonly who: readonly Adventurer[];
  readonly quest: string;
  readonly guild: string;
}

async function prepare(system: System): Promise<Prepared> {
  const client = new TavernClient(system.origin);
  const who = await registerCrowd(client, 1);
  const quest = await freshQuest(client, pick(who, 0));
  return { client, who, quest, guild: await client.fundGuild(pick(who, 0).token, 100) };
}

async function outageOf(system: System, away: string, prepared: Prepared): Promise<Outage> {
  const entries = await Promise.all(
    KINDS.map(async (kind) => {
      const counts: Record<Fate, number> = { whole: 0, partly: 0, none: 0 };
      const fates = await Promise.all(Array.from({ length: TRIES }, () => fateOf(kind, prepared)));
      for (const fate of fates) counts[fate] += 1;
      return [kind, counts] as const;
    }),
  );
  const answered = entries.reduce((sum, [, { none }]) => sum + TRIES - none, 0);
  return {
    system: system.name,
    away,
    asked: TRIES,
    fates: Object.fromEntries(entries) as unknown as Outage['fates'],
    answeredPercent: Math.round((100 * answered) / (TRIES * KINDS.length)),
  };
}

async function fateOf(kind: Kind, { client, who, quest, guild }: Prepared): Promise<Fate> {
  const { name, token } = pick(who, 0);
  const isWhole = ({ status }: { readonly status: number }): Fate => (status >= 200 && status < 300 ? 'whole' : 'none');
  switch (kind) {
    case 'log in':
      return client.logIn(name).then(
        () => 'whole',
        () => 'none',
      );
    case 'read an account':
      return isWhole(await client.ask('GET', '/accounts/me', token));
    case 'post a quest':
      return client.postQuest(token, guild, 10).then(
        () => 'whole',
        () => 'none',
      );
    case 'read a quest':
      return isWhole(await client.ask('GET', `/quests/${quest}`, token));
    case 'read an offer': {
      const reply = await client.ask('GET', `/offers/${quest}`, token);
      return reply.status === 200 && reply.body.payable === null ? 'partly' : isWhole(reply);
    }
    case 'accept a quest': {
      const id = randomUUID();
      const reply = await client.ask('PUT', `/acceptances/${id}`, token, { questId: quest });
      if (isWhole(reply) === 'none') return 'none';
      return (await client.settled(token, id, POLL_MS, PROMPT_MS)) === 'pending' ? 'partly' : 'whole';
    }
    case 'deposit gold':
      return isWhole(await client.ask('PUT', `/treasuries/${guild}/deposits/${randomUUID()}`, token, { gold: 1 }));
    case 'read a treasury':
      return isWhole(await client.ask('GET', `/treasuries/${guild}`, token));
  }
}

/** Waits until all of a system answers again. */
export async function serving(system: System): Promise<void> {
  await using client = new TavernClient(system.origin);
  const end = performance.now() + 30_000;
  for (;;) {
    const whole = await client.register().then(
      async ({ token }) =>
        (await client.ask('GET', `/offers/${randomUUID()}`, token)).status === 404 &&
        (await client.ask('GET', '/treasuries/nobody', token)).status === 404,
      () => false,
    );
    if (whole) return;
    if (performance.now() > end) throw new Error(`${system.name} does not come back`);
  }
}
