/** One service of the orchestrated system: the same tables and routes, and quests decides what comes next. */
import { engagements } from '../../solution/accounts/engagement.ts';
import { DEFINITIONS } from '../../solution/definitions.ts';
import type { Subscription, Subscriptions } from '../../solution/messaging/inbox.ts';
import { gifts } from '../../solution/rewards/gifts.ts';
import { reservations } from '../../solution/rewards/reservations.ts';
import { type Definition, serveAs } from '../../solution/start-service.ts';
import { ORCHESTRATOR_TABLES, orchestrator } from './orchestrator.ts';

/** What these services hear: events are for whoever likes, commands for one. */
const HEARD: Readonly<Record<string, readonly string[]>> = {
  accounts: ['adventurer.engage'],
  quests: [
    'acceptance.requested',
    'reward.reserved',
    'reward.refused',
    'reward.released',
    'adventurer.engaged',
    'adventurer.refused',
  ],
  rewards: ['account.registered', 'reward.reserve', 'reward.release'],
};

/** The same work, done when it is asked for by a command of another name. */
function renamed(subscriptions: Subscriptions, names: Readonly<Record<string, string>>): Subscriptions {
  const entries = Object.entries(subscriptions).map(([name, each]): [string, Subscription] => [
    names[name] ?? name,
    each,
  ]);
  return Object.fromEntries(entries);
}

const { accounts, quests, rewards } = DEFINITIONS;
const orchestrated: Readonly<Record<string, Definition>> = {
  accounts: {
    ...accounts,
    subscriptions: (tools) => renamed(engagements(tools), { 'reward.reserved': 'adventurer.engage' }),
  },
  quests: { ...quests, tables: quests.tables + ORCHESTRATOR_TABLES, subscriptions: orchestrator },
  rewards: {
    ...rewards,
    subscriptions: (tools) => ({
      ...gifts(),
      ...renamed(reservations(tools), {
        'acceptance.requested': 'reward.reserve',
        'adventurer.refused': 'reward.release',
      }),
    }),
  },
};

await serveAs(process.argv[2] ?? '', orchestrated, HEARD);
