import { afterAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { loadsWhatHasExpired, refreshesBehindTheAnswer, spreadsExpiries } from './cache/expiry.ts';
import {
  movesWithClaims,
  ordersTheLeaderboard,
  rebuildsALostLeaderboard,
  refusesAnOldRebuild,
} from './cache/leaderboards.ts';
import {
  answersWithAFullRedis,
  answersWithoutRedis,
  answersWithoutRedisAnswering,
  makesUpForMissedInvalidations,
  servesStaleWithoutTheDatabase,
} from './cache/outages.ts';
import { knowsLifetimes, refreshesByChance } from './cache/policy.ts';
import { tellsProblems } from './cache/problems.ts';
import {
  invalidatesAfterTheCommit,
  invalidatesWhatMayHaveHappened,
  keepsEntriesOfRefusedWrites,
  refusesStaleFills,
  sharesNoLoadFromBefore,
} from './cache/races.ts';
import { readsThrough, remembersWhatIsMissing, showsWrites } from './cache/reads.ts';
import { loadsOnceAcrossProcesses, loadsOnceForAThousand, outlivesItsLoader } from './cache/stampede.ts';
import { refusesBadSettings } from './cache/start.ts';
import { stopsGracefully } from './cache/stop.ts';
import { countsReads, keepsFormatsApart, keepsNothingTooLarge, takesForeignValuesForMisses } from './cache/stores.ts';
import { closeShared } from './cache/tavern.ts';

afterAll(closeShared);

checkpoint(
  'read-through',
  'a quest and the board are loaded once and then come from Redis, and Cache-Status says which',
  readsThrough,
);
checkpoint(
  'writes-show',
  'a write shows in every read that begins after its answer, of the quest and of the board, in every process',
  showsWrites,
);
checkpoint(
  'ttl-jitter',
  'every key expires, and entries that are made together do not expire together',
  spreadsExpiries,
  { concurrent: true },
);
checkpoint(
  'lifetimes',
  'an entry is fresh, stale and gone at the exact times, and jitter only shortens its freshness',
  knowsLifetimes,
  { concurrent: true },
);
checkpoint(
  'early-chance',
  'the chance of an early refresh with t left is e^(−t/(βδ)): 36.8 % at t = βδ',
  refreshesByChance,
  { concurrent: true },
);
checkpoint(
  'early-refresh',
  'an early refresh happens behind the answer, once at a time, and brings the new value in',
  refreshesBehindTheAnswer,
  { concurrent: true },
);
checkpoint(
  'expired',
  'an entry past its freshness is loaded anew, and one reader alone pays for that',
  loadsWhatHasExpired,
  { concurrent: true },
);
checkpoint(
  'negative',
  'a quest that does not exist is remembered for a time of its own, and forgotten when it is created',
  remembersWhatIsMissing,
);
checkpoint(
  'single-flight',
  'a thousand concurrent misses in one process make one load, with Redis and without',
  loadsOnceForAThousand,
);
checkpoint(
  'across-processes',
  'misses in three processes at once make one load, and the others wait for its entry',
  loadsOnceAcrossProcesses,
);
checkpoint(
  'loader-dies',
  'when the process that loads dies, the others wait no longer than CACHE_WAIT_MS',
  outlivesItsLoader,
  { concurrent: true },
);
checkpoint(
  'stale-fill',
  'a reader that loaded before a write cannot put the old value back after it',
  refusesStaleFills,
);
checkpoint(
  'late-joiner',
  'a read that begins after a write was answered does not share a load from before it',
  sharesNoLoadFromBefore,
);
checkpoint(
  'after-commit',
  'an invalidation comes after the commit, so that nobody fills the old value in between',
  invalidatesAfterTheCommit,
);
checkpoint(
  'rolled-back',
  'a write that is refused or rolled back leaves every entry where it is',
  keepsEntriesOfRefusedWrites,
);
checkpoint(
  'lost-commit',
  'a commit whose answer was lost is a 503, and what it may have changed is invalidated',
  invalidatesWhatMayHaveHappened,
);
checkpoint(
  'redis-stuck',
  'with Redis stuck or slow every request is answered in time, and the cache works again afterwards',
  ({ seed }) => answersWithoutRedisAnswering(seed),
);
checkpoint(
  'redis-gone',
  'with Redis gone at the start or killed later the service answers, and uses it as soon as it is back',
  answersWithoutRedis,
);
checkpoint('redis-full', 'with Redis full every answer is right, and nothing old stays in it', answersWithAFullRedis);
checkpoint(
  'missed-invalidation',
  'an invalidation that Redis missed is made up for as soon as it answers, before anything is read from it',
  makesUpForMissedInvalidations,
);
checkpoint(
  'database-gone',
  'without the database a stale entry is served, a missing or invalidated one is a 503, and both recover',
  servesStaleWithoutTheDatabase,
);
checkpoint(
  'foreign-values',
  'whatever else stands under an entry’s key is a miss, and the next load replaces it',
  takesForeignValuesForMisses,
);
checkpoint(
  'format-version',
  'builds of two formats share a Redis: neither reads the other’s entries, and both invalidate them',
  keepsFormatsApart,
);
checkpoint(
  'too-large',
  'an entry over CACHE_MAX_ENTRY_BYTES is served and not kept, by its bytes and not its characters',
  keepsNothingTooLarge,
  { concurrent: true },
);
checkpoint('metrics', 'each read is counted once, as hit, miss, stale or error, and so is each load', countsReads, {
  concurrent: true,
});
checkpoint(
  'leaderboard-order',
  'the leaderboard is ordered by score and then name, with shared ranks, on every page',
  ordersTheLeaderboard,
  { concurrent: true },
);
checkpoint(
  'leaderboard-claims',
  'a claim moves its adventurer in the set, without reading all of them again, whatever order claims come in',
  movesWithClaims,
  { concurrent: true },
);
checkpoint(
  'leaderboard-lost',
  'a leaderboard that Redis lost is rebuilt whole, even if a claim comes before the first read',
  rebuildsALostLeaderboard,
  { concurrent: true },
);
checkpoint(
  'leaderboard-race',
  'a rebuild that read before a claim does not bring the old score back',
  refusesAnOldRebuild,
  { concurrent: true },
);
checkpoint(
  'problems',
  'every error is a problem document with the status of the brief, and a refused write changes nothing',
  tellsProblems,
);
checkpoint(
  'graceful-stop',
  'on SIGTERM requests under way are answered and the exit code is 0, at the latest after the deadline',
  stopsGracefully,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'HOST is obeyed, and an invalid setting or a port in use ends the start with one line that tells no password',
  refusesBadSettings,
  { concurrent: true },
);
