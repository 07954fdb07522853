import { afterAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { livesThroughAnAlarm, losesNothing } from './message-queue/broker-faults.ts';
import { deliversOnce, keepsOrder, namesDifferences, onBench, setsAsideAndRedrives } from './message-queue/contract.ts';
import { closeKafka, openKafka } from './message-queue/kafka-bench.ts';
import { appliesOnce, appliesTwinsOnce, getsItsMessagesAgain, writesBothOrNone } from './message-queue/once.ts';
import {
  keepsPrefetchFair,
  keepsTheOrderAcrossWorkers,
  keepsTheOrderOfAKey,
  keepsTheOrderUnderRetry,
} from './message-queue/order.ts';
import {
  blamesNoMessageForTheDatabase,
  comesBack,
  declaresAgain,
  noticesAHalfOpenConnection,
} from './message-queue/outages.ts';
import { closeOwnRabbit } from './message-queue/own-rabbit.ts';
import {
  failsWhenTheBrokerIsSilent,
  keepsWhatItConfirms,
  publishesAllOrNothing,
  reportsUnroutable,
  tellsANack,
} from './message-queue/publishing.ts';
import { bringsTheDeadBack, redriveLosesNothing } from './message-queue/redrive.ts';
import { letsTheBrokerCount, retriesAside, setsPoisonAside, setsTheUnreadableAside } from './message-queue/retries.ts';
import { closeSqs, openSqs } from './message-queue/sqs-bench.ts';
import { refusesBadSettings } from './message-queue/start.ts';
import { returnsTheRest, stopsAtTheDeadline } from './message-queue/stop.ts';
import { extendsVisibility } from './message-queue/visibility.ts';

// Started by the first checkpoint that needs one.
afterAll(async () => {
  await Promise.all([closeOwnRabbit(), closeKafka(), closeSqs()]);
}, 60_000);

checkpoint(
  'confirmed',
  'a publish is answered "confirmed" when the broker has the message, persistent and in the queue of its key',
  keepsWhatItConfirms,
  { concurrent: true },
);
checkpoint(
  'bad-lines',
  'a request with one line that is no message is refused, and none of its lines is published',
  publishesAllOrNothing,
  { concurrent: true },
);
checkpoint(
  'unroutable',
  'a message that no queue takes is answered "unroutable", and its neighbours are not',
  reportsUnroutable,
  { concurrent: true },
);
checkpoint('nack', 'a message that the broker refuses is answered "failed", and its neighbours are not', tellsANack, {
  concurrent: true,
});
checkpoint(
  'silent-broker',
  'a publish that gets no confirm within PUBLISH_TIMEOUT_MS is answered "failed"',
  ({ seed }) => failsWhenTheBrokerIsSilent(seed),
  { concurrent: true },
);
checkpoint(
  'redelivered',
  'a message whose worker is killed in the middle of its effect is handed to another worker',
  getsItsMessagesAgain,
  { concurrent: true },
);
checkpoint(
  'effect-once',
  'a worker killed after the commit and before its acknowledgement leaves one effect',
  ({ seed }) => appliesOnce(seed),
  { concurrent: true },
);
checkpoint(
  'one-transaction',
  'inbox row and effect are committed together, wherever between them a worker dies',
  writesBothOrNone,
  { concurrent: true },
);
checkpoint('twins', 'copies of one message that are worked on at the same time have one effect', appliesTwinsOnce, {
  concurrent: true,
});
checkpoint(
  'unreadable',
  'a body that is no message goes to the dead-letter queue at its first attempt, and work goes on',
  setsTheUnreadableAside,
  { concurrent: true },
);
checkpoint(
  'retry-aside',
  'a message that fails waits for its retry aside, and keeps no other from being worked on',
  retriesAside,
  { concurrent: true },
);
checkpoint(
  'poison',
  'a message that has failed MAX_ATTEMPTS times is in the dead-letter queue, with its history',
  setsPoisonAside,
  { concurrent: true },
);
checkpoint(
  'delivery-limit',
  'a message that kills every worker that touches it is put aside by the broker itself',
  letsTheBrokerCount,
  { concurrent: true },
);
checkpoint(
  'redrive',
  'ROLE=redrive brings back what lies in the dead-letter queue, once, to begin its attempts anew',
  bringsTheDeadBack,
  { concurrent: true },
);
checkpoint(
  'redrive-refused',
  'a redrive whose publish is not confirmed leaves the message in the dead-letter queue',
  redriveLosesNothing,
  { concurrent: true },
);
checkpoint(
  'key-order',
  'messages of one key have their effects in order, and hold up nobody else',
  keepsTheOrderOfAKey,
  { concurrent: true },
);
checkpoint(
  'order-across-workers',
  'the order of a key is kept by several workers, also when one of them is killed',
  keepsTheOrderAcrossWorkers,
  { concurrent: true },
);
checkpoint(
  'order-under-retry',
  'a message with a key that fails is tried again before those behind it',
  keepsTheOrderUnderRetry,
  { concurrent: true },
);
checkpoint(
  'prefetch',
  'a worker holds at most PREFETCH messages of a queue, and a second worker gets its share',
  keepsPrefetchFair,
  { concurrent: true },
);
checkpoint('database-gone', 'an outage of the database costs no message an attempt', blamesNoMessageForTheDatabase, {
  concurrent: true,
});
checkpoint(
  'reconnect',
  'connections that are cut are made again, and no confirmed message is lost or has two effects',
  ({ seed }) => comesBack(seed),
  { concurrent: true },
);
checkpoint('topology', 'queues and exchanges that are gone are declared again, and consuming goes on', declaresAgain, {
  concurrent: true,
});
checkpoint(
  'half-open',
  'a connection on which nothing comes any more is given up after the heartbeats, and replaced',
  ({ seed }) => noticesAHalfOpenConnection(seed),
  { concurrent: true },
);
checkpoint(
  'memory-alarm',
  'while the broker takes no publishes they fail in time, and what lies in the queues is worked off',
  livesThroughAnAlarm,
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'broker-killed',
  'of 10,000 messages, with the broker killed under load, none that was confirmed is lost and none has two effects',
  losesNothing,
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'graceful-stop',
  'on SIGTERM what is under way is finished, the rest is given back in order, and the exit code is 0',
  returnsTheRest,
  { concurrent: true },
);
checkpoint(
  'stop-deadline',
  'on SIGTERM the program exits with code 0 after SHUTDOWN_TIMEOUT_MS even if an effect never ends',
  stopsAtTheDeadline,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'an invalid setting, or no broker, ends the start with one line that names it and no password',
  refusesBadSettings,
  { concurrent: true },
);
checkpoint(
  'kafka-once',
  'on Kafka a worker killed after the commit and before the offset leaves one effect',
  () => onBench(openKafka, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100' }, deliversOnce),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'kafka-order',
  'on Kafka a message that fails is tried again before those of its partition, and other partitions go on',
  () => onBench(openKafka, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100' }, keepsOrder),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'kafka-poison',
  'on Kafka poison goes to a topic of its own with its history, and a redrive brings it back',
  () => onBench(openKafka, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100' }, setsAsideAndRedrives),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'sqs-once',
  'on SQS a worker killed after the commit and before the delete leaves one effect',
  () => onBench(openSqs, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100', VISIBILITY_TIMEOUT_S: '1' }, deliversOnce),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'sqs-order',
  'on SQS a message that fails is tried again before those of its group, and other groups go on',
  () => onBench(openSqs, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100' }, keepsOrder),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint(
  'sqs-poison',
  'on SQS poison goes to its dead-letter queue with its history, and a redrive brings it back',
  () => onBench(openSqs, { RETRY_DELAY_MS: '300', MAX_ATTEMPTS: '100' }, setsAsideAndRedrives),
  { concurrent: true, timeoutMs: 120_000 },
);
checkpoint('sqs-visibility', 'on SQS a message stays invisible for as long as its effect takes', extendsVisibility, {
  concurrent: true,
});
checkpoint(
  'differences',
  'the program names what its broker does in its own way, as the table of the brief has it',
  () => namesDifferences([openSqs, openKafka]),
  { concurrent: true, timeoutMs: 120_000 },
);
