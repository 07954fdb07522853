import { afterAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { keepsEventContracts, keepsHttpContracts } from './microservices/contracts.ts';
import { believesNoClient, trustsOnlyTheGateway } from './microservices/edge.ts';
import { refusesBadSettings, stopsAsAWhole } from './microservices/life.ts';
import { givesRequestIds, logsTogether } from './microservices/logs.ts';
import {
  losesNoEvent,
  parksWhatIsTooNew,
  readsNewerAndOlder,
  survivesItsBroker,
  takesEachEventOnce,
  tellsNoGhosts,
} from './microservices/messages.ts';
import { answersInPart, boundsSlowServices, givesOneAnswerWhenDown } from './microservices/outages.ts';
import { answersAsTheMonolith } from './microservices/parity.ts';
import { runsProcessesOfTheirOwn } from './microservices/processes.ts';
import {
  compensatesAfterCrashes,
  compensatesSagas,
  completesAfterCrashes,
  completesSagas,
  sharesWhatThereIs,
} from './microservices/sagas.ts';
import { connectsWithOwnRoles, refusesOtherTables } from './microservices/tables.ts';
import { closeTowns } from './microservices/town.ts';

/** Processes start again many times in one of these. */
const CRASHES_TIMEOUT_MS = 180_000;

afterAll(closeTowns);

checkpoint('parity', 'the same story gets the same answers from the monolith and from the split', answersAsTheMonolith);
checkpoint(
  'own-processes',
  'each service is a process of its own, and one that is killed is started again while the others go on',
  runsProcessesOfTheirOwn,
);
checkpoint('own-schema', 'the database refuses each service the tables of the others', refusesOtherTables);
checkpoint(
  'own-role',
  'each service is connected to the database as its own role, and nobody stays as the owner',
  connectsWithOwnRoles,
);
checkpoint(
  'gateway-only',
  'a service answers nobody but the gateway, and does not look at tokens again',
  trustsOnlyTheGateway,
);
checkpoint('forged-identity', 'a client that says in a header who it is, is not believed', believesNoClient);
checkpoint(
  'request-ids',
  'every answer has an X-Request-Id, its own or the one that a client has chosen well',
  givesRequestIds,
);
checkpoint(
  'logs-together',
  'all that one request sets off, events included, can be found in the logs by its id',
  logsTogether,
);
checkpoint(
  'service-down',
  'while a service is down its requests get one answer, 503 with Retry-After, and then they work again',
  givesOneAnswerWhenDown,
);
checkpoint(
  'slow-service',
  'a service that does not answer costs a client UPSTREAM_TIMEOUT_MS at the most, and the others nothing',
  boundsSlowServices,
);
checkpoint(
  'partial-offer',
  'an answer made of two services says what is known when one of them is away',
  answersInPart,
);
checkpoint(
  'lost-event',
  'a crash between the commit and the publish of an event loses nothing, and has no second effect',
  losesNoEvent,
);
checkpoint('ghost-event', 'a change that was never committed is told to nobody', tellsNoGhosts);
checkpoint('event-once', 'every event that comes again, in any order, has no second effect', ({ seed }) =>
  takesEachEventOnce(seed),
);
checkpoint(
  'saga-completes',
  'an accepted quest has its place, its reward and its adventurer, and an empty treasury refuses',
  completesSagas,
);
checkpoint(
  'saga-compensates',
  'a saga that is refused late has taken everything back by the time it says so',
  compensatesSagas,
);
checkpoint(
  'crash-accepting',
  'a saga whose services crash at every point ends accepted, with the same sums',
  completesAfterCrashes,
  { timeoutMs: CRASHES_TIMEOUT_MS },
);
checkpoint(
  'crash-refusing',
  'a saga that is refused while its services crash ends refused, with everything given back once',
  compensatesAfterCrashes,
  { timeoutMs: CRASHES_TIMEOUT_MS },
);
checkpoint(
  'sagas-at-once',
  'sagas at once, and while services are killed at random moments, never promise more gold than there is',
  ({ seed }) => sharesWhatThereIs(seed),
  { timeoutMs: CRASHES_TIMEOUT_MS },
);
checkpoint(
  'broker-away',
  'requests are answered while the broker is frozen or cut off, and what they set off happens afterwards',
  survivesItsBroker,
);
checkpoint(
  'newer-minor',
  'an event of another minor version is understood, older or newer, whatever else is in it',
  readsNewerAndOlder,
);
checkpoint(
  'newer-major',
  'what cannot be read is put aside as it came, and what stands behind it gets its turn',
  parksWhatIsTooNew,
);
checkpoint(
  'http-contracts',
  'quests and rewards keep the contracts that the gateway has written down',
  keepsHttpContracts,
);
checkpoint(
  'event-contracts',
  'real events keep the contracts that their consumers have written down',
  keepsEventContracts,
);
checkpoint('graceful-stop', 'on SIGTERM the whole system ends with code 0, and no process is left', stopsAsAWhole);
checkpoint(
  'bad-settings',
  'an invalid setting, no database or a port in use ends the start with one line',
  refusesBadSettings,
);
