import { afterAll } from 'vitest';
import { type CheckpointContext, checkpoint } from '../harness/checkpoint.ts';
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
import { inTurn, type TownName } from './microservices/turns.ts';

/** Processes start again many times in one of these. */
const CRASHES_TIMEOUT_MS = 180_000;
/** Who waits for a turn has others before it. */
const TURNS_TIMEOUT_MS = 180_000;

afterAll(closeTowns);

/** May run beside its neighbours that say so, too; in a town they take turns. */
const BESIDE = { concurrent: true, timeoutMs: TURNS_TIMEOUT_MS };

const shared = (judge: (context: CheckpointContext) => Promise<void>) => taking('shared', judge);
const other = (judge: (context: CheckpointContext) => Promise<void>) => taking('other', judge);
const brisk = (judge: (context: CheckpointContext) => Promise<void>) => taking('brisk', judge);

function taking(town: TownName, judge: (context: CheckpointContext) => Promise<void>) {
  return (context: CheckpointContext) => inTurn(town, () => judge(context));
}

checkpoint('parity', 'the same story gets the same answers from the monolith and from the split', answersAsTheMonolith);
checkpoint(
  'own-processes',
  'each service is a process of its own, and one that is killed is started again while the others go on',
  other(runsProcessesOfTheirOwn),
  BESIDE,
);
checkpoint(
  'own-schema',
  'the database refuses each service the tables of the others',
  shared(refusesOtherTables),
  BESIDE,
);
checkpoint(
  'own-role',
  'each service is connected to the database as its own role, and nobody stays as the owner',
  shared(connectsWithOwnRoles),
  BESIDE,
);
checkpoint(
  'gateway-only',
  'a service answers nobody but the gateway, and does not look at tokens again',
  shared(trustsOnlyTheGateway),
  BESIDE,
);
checkpoint(
  'forged-identity',
  'a client that says in a header who it is, is not believed',
  shared(believesNoClient),
  BESIDE,
);
checkpoint(
  'request-ids',
  'every answer has an X-Request-Id, its own or the one that a client has chosen well',
  shared(givesRequestIds),
  BESIDE,
);
checkpoint(
  'logs-together',
  'all that one request sets off, events included, can be found in the logs by its id',
  shared(logsTogether),
  BESIDE,
);
checkpoint(
  'service-down',
  'while a service is down its requests get one answer, 503 with Retry-After, and then they work again',
  shared(givesOneAnswerWhenDown),
  BESIDE,
);
checkpoint(
  'slow-service',
  'a service that does not answer costs a client UPSTREAM_TIMEOUT_MS at the most, and the others nothing',
  brisk(boundsSlowServices),
  BESIDE,
);
checkpoint(
  'partial-offer',
  'an answer made of two services says what is known when one of them is away',
  brisk(answersInPart),
  BESIDE,
);
checkpoint(
  'lost-event',
  'a crash between the commit and the publish of an event loses nothing, and has no second effect',
  shared(losesNoEvent),
  BESIDE,
);
checkpoint('ghost-event', 'a change that was never committed is told to nobody', shared(tellsNoGhosts), BESIDE);
checkpoint(
  'event-once',
  'every event that comes again, in any order, has no second effect',
  shared(({ seed }) => takesEachEventOnce(seed)),
  BESIDE,
);
checkpoint(
  'saga-completes',
  'an accepted quest has its place, its reward and its adventurer, and an empty treasury refuses',
  shared(completesSagas),
  BESIDE,
);
checkpoint(
  'saga-compensates',
  'a saga that is refused late has taken everything back by the time it says so',
  shared(compensatesSagas),
  BESIDE,
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
  shared(survivesItsBroker),
  BESIDE,
);
checkpoint(
  'newer-minor',
  'an event of another minor version is understood, older or newer, whatever else is in it',
  other(readsNewerAndOlder),
  BESIDE,
);
checkpoint(
  'newer-major',
  'what cannot be read is put aside as it came, and what stands behind it gets its turn',
  other(parksWhatIsTooNew),
  BESIDE,
);
checkpoint(
  'http-contracts',
  'quests and rewards keep the contracts that the gateway has written down',
  other(keepsHttpContracts),
  BESIDE,
);
checkpoint(
  'event-contracts',
  'real events keep the contracts that their consumers have written down',
  other(keepsEventContracts),
  BESIDE,
);
checkpoint(
  'graceful-stop',
  'on SIGTERM the whole system ends with code 0, and no process is left',
  stopsAsAWhole,
  BESIDE,
);
checkpoint(
  'bad-settings',
  'an invalid setting, no database or a port in use ends the start with one line',
  refusesBadSettings,
  BESIDE,
);
