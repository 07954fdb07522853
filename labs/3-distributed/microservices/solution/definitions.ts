import { accountRoutes } from './accounts/accounts.ts';
import { engagements } from './accounts/engagement.ts';
import { ACCOUNTS_TABLES } from './accounts/schema.ts';
import { acceptanceRoutes } from './quests/acceptances.ts';
import { questRoutes } from './quests/quests.ts';
import { QUESTS_TABLES } from './quests/schema.ts';
import { settlements } from './quests/settlement.ts';
import { gifts } from './rewards/gifts.ts';
import { reservations } from './rewards/reservations.ts';
import { REWARDS_TABLES } from './rewards/schema.ts';
import { treasuryRoutes } from './rewards/treasuries.ts';
import type { Definition } from './start-service.ts';

/** What makes each service the one that it is. */
export const DEFINITIONS = {
  accounts: { tables: ACCOUNTS_TABLES, routes: accountRoutes, subscriptions: engagements },
  quests: {
    tables: QUESTS_TABLES,
    routes: (tools) => [...questRoutes(tools), ...acceptanceRoutes(tools)],
    subscriptions: settlements,
  },
  rewards: {
    tables: REWARDS_TABLES,
    routes: treasuryRoutes,
    subscriptions: (tools) => ({ ...gifts(), ...reservations(tools) }),
  },
} satisfies Readonly<Record<string, Definition>>;
