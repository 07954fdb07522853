import { afterAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { boundsBodies, readsOnlyJson } from './rest-api/bodies.ts';
import { looksInOrder } from './rest-api/check-order.ts';
import {
  answersNotModified,
  letsOneOfTwoWritersWin,
  letsOneOfWriteAndDeleteWin,
  preventsLostUpdates,
  tellsAWriteThatWasTakenBack,
} from './rest-api/conditions.ts';
import { keepsItsDocument } from './rest-api/document.ts';
import { refusesUnknownFields, tellsAllFaults } from './rest-api/faults.ts';
import {
  keepsTheFirstAnswer,
  repeatsTheFirstAnswer,
  survivesALostAnswer,
  worksOnceForTwoAtOnce,
} from './rest-api/keys.ts';
import { boundsTheWaitForTheDatabase, survivesALostDatabase } from './rest-api/outages.ts';
import { pagesByKey, refusesForgedCursors } from './rest-api/paging.ts';
import { fillsParties, givesTheLastPlaceOnce, triesConflictsAgain } from './rest-api/places.ts';
import { tellsProblems } from './rest-api/problems.ts';
import { standsRandomRequests } from './rest-api/random-requests.ts';
import { createsAndReads, knowsItsRoutes, refusesOtherMedia, replacesPatchesAndDeletes } from './rest-api/resources.ts';
import { givesUpOnSlowClients, refusesUnreadableRequests } from './rest-api/rough-clients.ts';
import { migratesUpAndDown } from './rest-api/schema.ts';
import { refusesBadSettings } from './rest-api/start.ts';
import { drainsRequests, stopsAtTheDeadline } from './rest-api/stop.ts';
import { closeTavern } from './rest-api/tavern.ts';
import { keepsValues, refusesImpossibleValues } from './rest-api/values.ts';

afterAll(closeTavern);

checkpoint(
  'create-and-read',
  'what is created is answered with 201, Location and ETag, and is read there as it was sent',
  createsAndReads,
);
checkpoint(
  'replace-patch-delete',
  'PUT replaces all of a resource, PATCH merges into it, and DELETE leaves a 404',
  replacesPatchesAndDeletes,
);
checkpoint(
  'routes',
  'an unknown route is a 404, and an unknown method of a known one a 405 with Allow',
  knowsItsRoutes,
);
checkpoint(
  'media-types',
  'a body of another media type, charset or coding is refused with 415, and case makes no difference',
  refusesOtherMedia,
);
checkpoint(
  'problem-details',
  'every error is a problem document of its own type, and tells nothing of stacks, SQL or libraries',
  tellsProblems,
);
checkpoint(
  'json-bodies',
  'JSON of every kind gets its answer, what is not JSON in UTF-8 is a 400, and nothing is a 5xx',
  readsOnlyJson,
);
checkpoint(
  'body-limit',
  'a body over the limit gets a 413 before all of it has come, and its sender can read the answer',
  boundsBodies,
);
checkpoint('all-faults', 'all faults of a body are reported at once, each with a pointer to its place', tellsAllFaults);
checkpoint(
  'unknown-fields',
  'a field that is unknown, or not for clients to set, is refused and changes nothing',
  refusesUnknownFields,
);
checkpoint(
  'round-trip',
  'text that looks like SQL, large numbers, dates and Unicode come back as they were sent',
  keepsValues,
);
checkpoint(
  'impossible-values',
  'NUL, lone surrogates, numbers beyond 2^53 and days that never were are refused with 422',
  refusesImpossibleValues,
);
checkpoint(
  'if-match',
  'a write without If-Match is a 428, one with a stale or weak tag a 412, and neither changes anything',
  async () => {
    await preventsLostUpdates();
    await tellsAWriteThatWasTakenBack();
  },
);
checkpoint(
  'check-order',
  'a request that is wrong in two ways gets the answer to what the brief looks at first',
  looksInOrder,
);
checkpoint(
  'lost-update',
  'of two writes at once that have read the same version, one wins and one gets a 412',
  async () => {
    await letsOneOfTwoWritersWin();
    await letsOneOfWriteAndDeleteWin();
  },
);
checkpoint(
  'not-modified',
  'a client that has the current representation gets a 304 without a body, by weak comparison',
  answersNotModified,
);
checkpoint(
  'keyset-pages',
  'a list read page by page skips and repeats no row, whatever comes or goes meanwhile',
  pagesByKey,
);
checkpoint('forged-cursor', 'a cursor that was not given out, or was for another list, is a 400', refusesForgedCursors);
checkpoint(
  'idempotency-key',
  'a repeat with the same key gets the first answer, from any process, and another request with it a 422',
  repeatsTheFirstAnswer,
);
checkpoint(
  'stored-answer',
  'a repeat gets the first answer even when what it created was changed since, or deleted',
  keepsTheFirstAnswer,
);
checkpoint(
  'same-key-at-once',
  'two requests with the same key at once have one effect and the same answer',
  worksOnceForTwoAtOnce,
);
checkpoint(
  'lost-answer',
  'a request whose answer was lost after its commit has no second effect when it is repeated',
  survivesALostAnswer,
);
checkpoint(
  'party',
  'characters join and leave quests, within the places of the quest and three quests each',
  fillsParties,
);
checkpoint(
  'last-place',
  'of two that take the last place at once, one gets it, whichever limit they meet',
  givesTheLastPlaceOnce,
);
checkpoint(
  'retried-conflicts',
  'a transaction that the database asks to repeat is repeated, and not for ever',
  triesConflictsAgain,
);
checkpoint(
  'document',
  'each operation and status of the OpenAPI document is met, and answers as it says',
  keepsItsDocument,
);
checkpoint(
  'random-requests',
  'two thousand random requests made of the document get documented answers and never a 5xx',
  standsRandomRequests,
);
checkpoint(
  'unreadable-requests',
  'what is not HTTP, lies about its length or floods with headers gets a 400 or 431 and no effect',
  refusesUnreadableRequests,
);
checkpoint(
  'slow-clients',
  'a request that comes too slowly gets a 408, while others are served and a slow one in time as well',
  givesUpOnSlowClients,
  { concurrent: true },
);
checkpoint(
  'database-gone',
  'without its database the server answers 503 with Retry-After, and serves again as soon as it is back',
  survivesALostDatabase,
  { concurrent: true },
);
checkpoint(
  'database-stuck',
  'a database that does not answer, or has no connection left, is a 503 within the time that it has',
  boundsTheWaitForTheDatabase,
  { concurrent: true },
);
checkpoint(
  'migrations',
  'migrations go up and down, twice is no change, and two at once do not collide',
  migratesUpAndDown,
  {
    concurrent: true,
  },
);
checkpoint(
  'graceful-stop',
  'on SIGTERM new connections are refused, requests under way are answered, and the exit code is 0',
  drainsRequests,
  { concurrent: true },
);
checkpoint(
  'stop-deadline',
  'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if requests are left',
  stopsAtTheDeadline,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'HOST is obeyed, and an invalid setting, a port in use or no database ends the start with one line that tells no password',
  refusesBadSettings,
  { concurrent: true },
);
