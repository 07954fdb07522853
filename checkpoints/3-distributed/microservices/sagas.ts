import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { jsonOf } from '../../harness/http-exchange.ts';
import { createRandom, deriveSeed } from '../../harness/random.ts';
import { POINTS, type Point } from './drills.ts';
import { exchange } from './exchange.ts';
import {
  type Adventurer,
  accept,
  expectBooks,
  expectState,
  fundedGuild,
  MAX_ENGAGEMENTS,
  postQuest,
  type Quest,
  register,
  settled,
} from './tales.ts';
import type { Heard } from './tap.ts';
import { otherTown, SERVICES, sharedTown, signal, type Town } from './town.ts';

const REWARD = 10;
const TWICE = 'a step was done twice: its message came again after a crash, and nobody knew it';
const BETWEEN = 'the saga stays in between: a step was lost, or what had been done was not taken back';

export async function completesSagas(): Promise<void> {
  const town = await sharedTown();
  const { gateway } = town;
  const who = await register(gateway);
  const guild = await fundedGuild(gateway, who, 2 * REWARD);
  const quest = await postQuest(gateway, who, { guild, reward: REWARD });
  const books = (accepted: number) => ({
    guild,
    deposited: 2 * REWARD,
    promised: accepted * REWARD,
    quests: [{ quest, accepted }],
    adventurers: [{ who, accepted }],
  });
  const usually = 'accepted is said before the last step is done, a step is missing, or the last coin is not given';
  for (const accepted of [1, 2]) {
    const state = await settled(gateway, who, await accept(gateway, who, quest));
    expectState(state, 'accepted', null, { sent: 'a quest that may be accepted', usually });
    await expectBooks(gateway, books(accepted), { sent: 'a quest that was accepted', usually });
  }
  const third = await settled(gateway, who, await accept(gateway, who, quest));
  const sent = 'a quest whose reward is more than the treasury has';
  const early = 'refused is said before everything is taken back, or something is not taken back at all';
  expectState(third, 'refused', 'treasury-empty', { sent, usually: 'the treasury may be overdrawn' });
  await expectBooks(gateway, books(2), { sent, usually: early });
}

export async function compensatesSagas(): Promise<void> {
  const town = await sharedTown();
  const { gateway } = town;
  const { who, guild } = await busyAdventurer(town);
  const quest = await postQuest(gateway, who, { guild, reward: REWARD, places: 1 });
  const books = {
    guild,
    deposited: 100,
    promised: MAX_ENGAGEMENTS * REWARD,
    quests: [{ quest, accepted: 0 }],
    adventurers: [{ who, accepted: MAX_ENGAGEMENTS }],
  };
  const sent = 'a fourth quest, refused by accounts after rewards has reserved for it';
  const early = 'refused is said before everything is taken back, or something is not taken back at all';
  const busy = 'the limit of three quests is not kept';
  const first = await settled(gateway, who, await accept(gateway, who, quest));
  expectState(first, 'refused', 'adventurer-busy', { sent, usually: busy });
  await expectBooks(gateway, books, { sent, usually: early });
  const second = await refusedWhileRewardsSleeps(town, who, quest, { sent, usually: early });
  expectState(await settled(gateway, who, second), 'refused', 'adventurer-busy', { sent, usually: busy });
  await expectBooks(gateway, books, { sent, usually: early });
  const other = await register(gateway);
  const taken = await settled(gateway, other, await accept(gateway, other, quest));
  expectState(taken, 'accepted', null, {
    sent: 'the same quest, with its one place, by somebody else',
    usually: 'the place was not given back',
  });
}

/** So often a state is read that must not change meanwhile. */
const LOOKS = 20;

/** accounts refuses while rewards is frozen with the reserved gold: nobody may say refused before it has woken up. */
async function refusedWhileRewardsSleeps(
  town: Town,
  who: Adventurer,
  quest: Quest,
  text: { readonly sent: string; readonly usually: string },
): Promise<string> {
  const { gateway, tap } = town;
  const accounts = town.serviceOf('accounts').pid;
  const rewards = town.serviceOf('rewards').pid;
  signal(accounts, 'SIGSTOP');
  try {
    const id = await accept(gateway, who, quest);
    await pollUntil(
      async () =>
        Number(jsonOf(await exchange(gateway, 'GET', `/treasuries/${quest.guild}`, { token: who.token })).reserved),
      (reserved) => reserved === (MAX_ENGAGEMENTS + 1) * REWARD,
      {
        withinMs: 10_000,
        otherwise: (reserved) =>
          new CheckpointFailure({
            sent: 'PUT /acceptances/{id} while accounts is frozen',
            expected: 'the reward to be reserved, before accounts has its say',
            received: `${reserved} gold reserved`,
            usually: 'the order of the steps is another one: gold first, then the adventurer',
          }),
      },
    );
    signal(rewards, 'SIGSTOP');
    signal(accounts, 'SIGCONT');
    const ofAccounts = `an event of accounts about this acceptance`;
    const isTheirs = ({ event }: Heard) => event.source === 'accounts' && event.data?.acceptanceId === id;
    await tap.hear(isTheirs, ofAccounts, 'accounts does not tell what it has decided, or without data.acceptanceId');
    for (let i = 0; i < LOOKS; i += 1) {
      const { state } = jsonOf(await exchange(gateway, 'GET', `/acceptances/${id}`, { token: who.token }));
      check(state === 'pending', {
        sent: `${text.sent}, while rewards is frozen with it`,
        expected: 'an acceptance that is pending until its gold is given back',
        received: `one that is ${String(state)}`,
        usually: text.usually,
      });
    }
    return id;
  } finally {
    signal(rewards, 'SIGCONT');
    signal(accounts, 'SIGCONT');
  }
}

/** Somebody who is on as many quests as one may be. */
async function busyAdventurer(town: Town): Promise<{ who: Adventurer; guild: string }> {
  const who = await register(town.gateway);
  const guild = await fundedGuild(town.gateway, who, 100);
  const quest = await postQuest(town.gateway, who, { guild, reward: REWARD });
  const ids = await Promise.all(Array.from({ length: MAX_ENGAGEMENTS }, () => accept(town.gateway, who, quest)));
  for (const id of ids) {
    expectState(await settled(town.gateway, who, id), 'accepted', null, {
      sent: 'one of the first three quests',
      usually: BETWEEN,
    });
  }
  return { who, guild };
}

interface Crash {
  readonly point: Point;
  /** Which passing of each service is its last; a service that is not named lives. */
  readonly at: Readonly<Partial<Record<(typeof SERVICES)[number], number>>>;
}

/** Arms all at once: each service dies on its own way, and the saga has to get past all of them. */
async function runCrash(
  town: Town,
  { point, at }: Crash,
  saga: () => Promise<string>,
  follow: (id: string) => Promise<void>,
) {
  const armed = Object.entries(at) as [(typeof SERVICES)[number], number][];
  for (const [service, nth] of armed) await town.arm(service, point, nth);
  try {
    const id = await saga();
    await follow(id);
    for (const [service] of armed) await town.drilled(service, point);
    await follow(id); // who died last had a message in hand: it comes again, and must change nothing
  } finally {
    for (const [service] of armed) await town.drills.disarm(service, point);
  }
}

const describe = ({ point, at }: Crash): string =>
  `a crash at ${point} of ${Object.entries(at)
    .map(([service, nth]) => (nth === 1 ? service : `${service} (the ${nth}nd time)`))
    .join(', ')}`;

/**
 * In two towns: while a process starts again in the one, another does in the other. Whichever is free takes the next
 * crash. Fails with the first of the failures, in the order of the crashes.
 */
async function inTwoTowns(
  crashes: readonly Crash[],
  prepare: (town: Town) => Promise<(crash: Crash) => Promise<void>>,
) {
  const towns = await Promise.all([sharedTown(), otherTown()]);
  const failures = new Map<number, unknown>();
  const left = [...crashes.entries()];
  const crashOn = async (town: Town, lane: number): Promise<void> => {
    let now = lane - towns.length; // before all of them
    try {
      const run = await prepare(town);
      for (let next = left.shift(); next !== undefined && failures.size === 0; next = left.shift()) {
        now = next[0];
        await run(next[1]);
      }
    } catch (error) {
      failures.set(now, error);
    }
  };
  await Promise.all(towns.map(crashOn));
  const [first] = [...failures].sort(([a], [b]) => a - b);
  if (first !== undefined) throw first[1];
}

export async function completesAfterCrashes(): Promise<void> {
  const crashes: Crash[] = POINTS.flatMap((point): Crash[] => [
    { point, at: { quests: 1, rewards: 1, accounts: 1 } },
    // The second time: quests has taken the request by then, and now takes the answer of the others.
    ...(point === 'before-ack' ? [] : [{ point, at: { quests: 2 } }]),
  ]);
  await inTwoTowns(crashes, async (town) => {
    const { gateway } = town;
    const guild = await fundedGuild(gateway, await town.resident(), 1_000);
    const quest = await postQuest(gateway, await town.resident(), { guild, reward: REWARD });
    let accepted = 0;
    let who = await register(gateway);
    let mine = 0;
    return async (crash) => {
      if (mine === MAX_ENGAGEMENTS) {
        who = await register(gateway);
        mine = 0;
      }
      mine += 1;
      accepted += 1;
      const sent = `PUT /acceptances/{id}, with ${describe(crash)}`;
      const books = {
        guild,
        deposited: 1_000,
        promised: accepted * REWARD,
        quests: [{ quest, accepted }],
        adventurers: [{ who, accepted: mine }],
      };
      const one = who;
      await runCrash(
        town,
        crash,
        () => accept(gateway, one, quest),
        async (id) => {
          expectState(await settled(gateway, one, id, sent), 'accepted', null, { sent, usually: BETWEEN });
          await expectBooks(gateway, books, { sent, usually: TWICE });
        },
      );
    };
  });
}

export async function compensatesAfterCrashes(): Promise<void> {
  const crashes: Crash[] = POINTS.flatMap((point): Crash[] => [
    { point, at: { accounts: 1, rewards: 2 } }, // rewards reserves first, and then releases
    { point, at: { quests: point === 'before-ack' ? 1 : 2 } },
  ]);
  await inTwoTowns(crashes, async (town) => {
    const { gateway } = town;
    const { who, guild } = await busyAdventurer(town);
    const quest = await postQuest(gateway, who, { guild, reward: REWARD, places: 2 });
    const books = {
      guild,
      deposited: 100,
      promised: MAX_ENGAGEMENTS * REWARD,
      quests: [{ quest, accepted: 0 }],
      adventurers: [{ who, accepted: MAX_ENGAGEMENTS }],
    };
    return async (crash) => {
      const sent = `PUT /acceptances/{id} that accounts will refuse, with ${describe(crash)}`;
      await runCrash(
        town,
        crash,
        () => accept(gateway, who, quest),
        async (id) => {
          expectState(await settled(gateway, who, id, sent), 'refused', 'adventurer-busy', { sent, usually: BETWEEN });
          await expectBooks(gateway, books, {
            sent,
            usually: 'what was reserved is not given back, or given back twice',
          });
        },
      );
    };
  });
}

const KILLS = 6;
const SAGAS_EACH = 4;
const CROWD = 4;

async function survivesKills(seed: number): Promise<void> {
  const town = await sharedTown();
  const { gateway } = town;
  const random = createRandom(deriveSeed(seed, 3));
  const crowd: Adventurer[] = [];
  for (let i = 0; i < CROWD; i += 1) crowd.push(await register(gateway));
  const [poster] = crowd;
  if (poster === undefined) throw new Error('nobody there');
  // Gold for fewer than ask, places for fewer than may: every way for a saga to end is taken.
  const deposited = 10 * REWARD;
  const guild = await fundedGuild(gateway, poster, deposited);
  const quest = await postQuest(gateway, poster, { guild, reward: REWARD, places: 20 });
  const sent = `${CROWD * SAGAS_EACH} acceptances, while services are killed at ${KILLS} moments drawn from the seed`;
  const kill = async (): Promise<void> => {
    for (let i = 0; i < KILLS; i += 1) {
      await delay(random.int(10, 150));
      const name = SERVICES[random.int(0, SERVICES.length - 1)] ?? 'quests';
      const old = town.kill(name);
      await town.restarted(old);
    }
  };
  const counts = new Map<Adventurer, number>();
  const ask = async (who: Adventurer): Promise<void> => {
    for (let i = 0; i < SAGAS_EACH; i += 1) {
      const id = randomUUID();
      await accept(gateway, who, quest, id);
      const state = await settled(gateway, who, id, sent);
      check(['accepted', 'refused'].includes(state.state), {
        sent,
        expected: 'accepted or refused',
        received: state.state,
        usually: BETWEEN,
      });
      if (state.state === 'accepted') counts.set(who, (counts.get(who) ?? 0) + 1);
    }
  };
  await Promise.all([kill(), ...crowd.map(ask)]);
  const accepted = [...counts.values()].reduce((a, b) => a + b, 0);
  await expectBooks(
    gateway,
    {
      guild,
      deposited,
      promised: accepted * REWARD,
      quests: [{ quest, accepted }],
      adventurers: crowd.map((who) => ({ who, accepted: counts.get(who) ?? 0 })),
    },
    { sent, usually: TWICE },
  );
  check(accepted > 0 && accepted <= 10, {
    sent,
    expected: 'at least one of them accepted, and ten at the most',
    received: `${accepted}`,
    usually: 'the treasury was overdrawn, or a crash counts as a refusal',
  });
}

async function sharesTheLastGold(): Promise<void> {
  const town = await otherTown();
  const { gateway } = town;
  const crowd: Adventurer[] = [];
  for (let i = 0; i < 5; i += 1) crowd.push(await register(gateway));
  const [poster] = crowd;
  if (poster === undefined) throw new Error('nobody there');
  const guild = await fundedGuild(gateway, poster, 4 * REWARD + 5);
  const quests: Quest[] = [];
  for (let i = 0; i < 2; i += 1) quests.push(await postQuest(gateway, poster, { guild, reward: REWARD, places: 20 }));
  const sent = 'twenty acceptances at once, with gold for four';
  const usually = 'two read the same sum, and both take from it: compare and change in one statement, or lock the row';
  const tries = crowd.flatMap((who) => [0, 1, 2, 3].map((i) => ({ who, quest: quests[i % 2] })));
  const ends = await Promise.all(
    tries.map(async ({ who, quest }) => {
      if (quest === undefined) throw new Error('no quest');
      const id = await accept(gateway, who, quest);
      return { who, quest, ...(await settled(gateway, who, id, sent)) };
    }),
  );
  const accepted = ends.filter(({ state }) => state === 'accepted');
  const countOf = (is: (end: (typeof ends)[number]) => boolean) => accepted.filter(is).length;
  check(accepted.length > 0 && accepted.length <= 4, {
    sent,
    expected: 'at least one of them accepted, and four at the most',
    received: `${accepted.length}`,
    usually,
  });
  await expectBooks(
    gateway,
    {
      guild,
      deposited: 4 * REWARD + 5,
      promised: accepted.length * REWARD,
      quests: quests.map((quest) => ({ quest, accepted: countOf((end) => end.quest === quest) })),
      adventurers: crowd.map((who) => ({ who, accepted: countOf((end) => end.who === who) })),
    },
    { sent, usually },
  );
}

export async function sharesWhatThereIs(seed: number): Promise<void> {
  const outcomes = await Promise.allSettled([sharesTheLastGold(), survivesKills(seed)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
