import type { BuiltLab } from '../../course-schema.ts';

export const messageQueue: BuiltLab = {
  status: 'built',
  slug: 'message-queue',
  title: 'Message queue',
  competency: 'Messaging that loses nothing and does nothing twice',
  teaches: [
    'publish with confirms, and say what is not known',
    'make an effect happen once for a message that comes twice',
    'retry without blocking, keep the order of a key, put poison aside and bring it back',
    'come through a broker that is killed, cut off, stuck or full',
    'stop a worker without losing or repeating what it holds',
    'say what differs between RabbitMQ, Kafka and SQS',
  ],
  kinds: ['program'],
  services: ['rabbitmq', 'postgresql'],
  entry: { typescript: 'server.ts' },
  packages: ['amqplib', 'kafkajs', '@aws-sdk/client-sqs', 'pg', 'pino'],
  diagrams: ['message-life', 'queue-topology'],
  checkpoints: [
    {
      id: 'confirmed',
      sentence:
        'a publish is answered "confirmed" when the broker has the message, persistent and in the queue of its key',
      read: 'confirms-and-routing',
      hints: [
        'A write to a socket has told nobody anything yet. Who promises what, and when?',
        'Put the channel into confirm mode and answer when the broker has confirmed this very message.',
        'message-id, delivery-mode 2 and the header key are properties of each publish; CRC-32 of the key, modulo 4, picks the queue.',
      ],
    },
    {
      id: 'bad-lines',
      sentence: 'a request with one line that is no message is refused, and none of its lines is published',
      read: 'messages-and-their-guarantees',
      hints: [
        'How does a client repeat a request of which half was published?',
        'Read and check every line first; publish when you know that all are right.',
      ],
    },
    {
      id: 'unroutable',
      sentence: 'a message that no queue takes is answered "unroutable", and its neighbours are not',
      read: 'confirms-and-routing',
      hints: [
        'What does a broker do with a message for which no queue is bound? It confirms it, too.',
        'The flag mandatory has it sent back (basic.return), before its confirm.',
        'Many publishes are under way at once: give each a token, in correlation-id for example, by which you know what came back.',
      ],
    },
    {
      id: 'nack',
      sentence: 'a message that the broker refuses is answered "failed", and its neighbours are not',
      read: 'confirms-and-routing',
      hints: [
        'There are two answers to a publish in confirm mode. What does your code do with the second?',
        'basic.nack means that the broker could not take the message. Say so; the client decides what then.',
      ],
    },
    {
      id: 'silent-broker',
      sentence: 'a publish that gets no confirm within PUBLISH_TIMEOUT_MS is answered "failed"',
      read: 'losing-the-broker',
      hints: [
        'The broker hangs: the connection is open, and nothing comes. How long does your client wait?',
        'Start a timer with each publish. It bounds the wait for a connection as well.',
        'Failed means: not known. The message may be there, so the client sends it again with the same id.',
      ],
    },
    {
      id: 'redelivered',
      sentence: 'a message whose worker is killed in the middle of its effect is handed to another worker',
      read: 'acknowledgements-and-redelivery',
      hints: ['When may the broker forget a message?', 'Acknowledge by hand, and only after the commit of the effect.'],
    },
    {
      id: 'effect-once',
      sentence: 'a worker killed after the commit and before its acknowledgement leaves one effect',
      read: 'effects-that-happen-once',
      hints: [
        'The message comes again, as it must. How do you know that it has been done?',
        'Keep its id in the inbox, and look there before the effect.',
        'Insert with ON CONFLICT DO NOTHING: the number of rows tells whether it is the first time.',
      ],
      passesInStarter: 'nothing comes twice while everything is acknowledged on arrival, and lost instead',
    },
    {
      id: 'one-transaction',
      sentence: 'inbox row and effect are committed together, wherever between them a worker dies',
      read: 'effects-that-happen-once',
      hints: [
        'Your process may end between any two statements. What has happened then, and what is remembered?',
        'Put both into one transaction: then there is no moment between them.',
      ],
    },
    {
      id: 'twins',
      sentence: 'copies of one message that are worked on at the same time have one effect',
      read: 'effects-that-happen-once',
      hints: [
        'Both copies look into the inbox, and neither finds anything. What decides who is first?',
        'The primary key decides: insert first, and do the effect only when your insert made a row.',
      ],
    },
    {
      id: 'unreadable',
      sentence: 'a body that is no message goes to the dead-letter queue at its first attempt, and work goes on',
      read: 'poison-messages',
      hints: [
        'Will the tenth attempt read what the first could not?',
        'Tell two kinds of errors apart: what may pass, and what never will. The second needs no retry.',
        'Headers of other publishers may hold anything as well: read attempts and history as carefully as a body.',
      ],
    },
    {
      id: 'retry-aside',
      sentence: 'a message that fails waits for its retry aside, and keeps no other from being worked on',
      read: 'order-and-retries',
      hints: [
        'A worker may hold PREFETCH messages. What if all of them wait for their retry?',
        'Send a copy to a queue where it waits, and acknowledge the original once the copy is confirmed.',
        'x-message-ttl and x-dead-letter-exchange make a queue that gives back what it got, later.',
      ],
    },
    {
      id: 'poison',
      sentence: 'a message that has failed MAX_ATTEMPTS times is in the dead-letter queue, with its history',
      read: 'poison-messages',
      hints: [
        'Who counts the attempts, if each may happen in another process?',
        'Let the message carry its count and its history, in its headers, from attempt to attempt.',
        'Confirm first, then acknowledge: the copy in the dead-letter queue must exist before the original goes, and a queue must have it.',
      ],
    },
    {
      id: 'delivery-limit',
      sentence: 'a message that kills every worker that touches it is put aside by the broker itself',
      read: 'poison-messages',
      hints: [
        'Who writes down an attempt that ends the process?',
        'Quorum queues count deliveries: x-delivery-limit, which has no default in RabbitMQ 3.10, and a dead-letter exchange.',
      ],
    },
    {
      id: 'redrive',
      sentence: 'ROLE=redrive brings back what lies in the dead-letter queue, once, to begin its attempts anew',
      read: 'poison-messages',
      hints: [
        'What was put aside is to be tried again, as if it were new; but what went wrong before should still be known.',
        'Attempts begin at 0; the history and the header key stay.',
        'What dies again comes back into the queue that you are emptying. Take as many as lie there when you start.',
      ],
    },
    {
      id: 'redrive-refused',
      sentence: 'a redrive whose publish is not confirmed leaves the message in the dead-letter queue',
      read: 'poison-messages',
      hints: [
        'The dead-letter queue is the last place that has the message. When may it be taken from there?',
        'Publish, wait for the confirm, acknowledge. On anything else put it back, and exit with another code than 0.',
      ],
    },
    {
      id: 'key-order',
      sentence: 'messages of one key have their effects in order, and hold up nobody else',
      read: 'order-and-retries',
      hints: [
        'You work on many messages at once. Which two of them must not be?',
        'Chain the messages of each key: the next begins when the one before is settled. Chains of other keys run beside it.',
      ],
    },
    {
      id: 'order-across-workers',
      sentence: 'the order of a key is kept by several workers, also when one of them is killed',
      read: 'order-and-retries',
      hints: [
        'Two workers consume one queue. Who keeps the second message from being done before the first?',
        'x-single-active-consumer: one worker has the queue, and another takes over when it is gone.',
      ],
    },
    {
      id: 'order-under-retry',
      sentence: 'a message with a key that fails is tried again before those behind it',
      read: 'order-and-retries',
      hints: [
        'If the message waits aside, what comes next in its queue?',
        'A message with a key waits where it is, in the hands of the worker, and its chain with it.',
      ],
    },
    {
      id: 'prefetch',
      sentence: 'a worker holds at most PREFETCH messages of a queue, and a second worker gets its share',
      read: 'acknowledgements-and-redelivery',
      hints: [
        'Without a limit the broker pushes all it has to the first who asks.',
        'basic.qos, before basic.consume.',
      ],
    },
    {
      id: 'database-gone',
      sentence: 'an outage of the database costs no message an attempt',
      read: 'poison-messages',
      hints: [
        'The database is away for a minute. How many good messages are in your dead-letter queue then?',
        'Tell errors of the message from errors of the world around it. On the second: wait, and try again without counting.',
        'A database that is stuck answers nothing at all: give each statement DATABASE_TIMEOUT_MS, and treat its end as an outage.',
      ],
    },
    {
      id: 'reconnect',
      sentence: 'connections that are cut are made again, and no confirmed message is lost or has two effects',
      read: 'losing-the-broker',
      hints: [
        'What is known of a message that was published and not confirmed when the connection went?',
        'Nothing: it is failed. Reconnect with backoff and jitter, then open channels, declare, and consume again.',
        'An acknowledgement belongs to the channel on which the message came. On a new one it is an error.',
      ],
    },
    {
      id: 'topology',
      sentence: 'queues and exchanges that are gone are declared again, and consuming goes on',
      read: 'losing-the-broker',
      hints: [
        'The queue is deleted under a consumer. What does the broker say, and to whom?',
        'A consumer is told by basic.cancel, which many libraries turn into an empty message. A publisher loses its channel.',
        'Treat both like a lost connection, and make declaring part of every connect.',
      ],
    },
    {
      id: 'half-open',
      sentence: 'a connection on which nothing comes any more is given up after the heartbeats, and replaced',
      read: 'losing-the-broker',
      hints: [
        'A firewall forgets your connection. Which of its ends hears of that?',
        'Ask for heartbeats of HEARTBEAT_S when you connect, and destroy what has been silent for two of them.',
      ],
    },
    {
      id: 'memory-alarm',
      sentence: 'while the broker takes no publishes they fail in time, and what lies in the queues is worked off',
      read: 'losing-the-broker',
      hints: [
        'A broker short of memory stops reading from connections that publish. What else do you send on those?',
        'Acknowledgements. Consume on a connection of its own.',
      ],
    },
    {
      id: 'broker-killed',
      sentence:
        'of 10,000 messages, with the broker killed under load, none that was confirmed is lost and none has two effects',
      read: 'losing-the-broker',
      hints: [
        'Count both: what was confirmed and has no effect, and what has two.',
        'Confirmed must mean on disk: persistent messages in durable queues, quorum queues best.',
        'The rest is reconnecting without lying: unconfirmed is failed, unacknowledged comes again.',
      ],
    },
    {
      id: 'graceful-stop',
      sentence: 'on SIGTERM what is under way is finished, the rest is given back in order, and the exit code is 0',
      read: 'stopping-a-worker',
      hints: [
        'Which messages does your worker hold at that moment, and which of them has it begun?',
        'Cancel the consumers, begin nothing more, wait for what is under way, then close the channel: the broker takes back the rest.',
      ],
    },
    {
      id: 'stop-deadline',
      sentence: 'on SIGTERM the program exits with code 0 after SHUTDOWN_TIMEOUT_MS even if an effect never ends',
      read: 'stopping-a-worker',
      hints: [
        'How long does your stop take if one effect never ends?',
        'Start a timer at the signal. What is left then was not acknowledged, so the broker still has it.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'an invalid setting, or no broker, ends the start with one line that names it and no password',
      read: 'stopping-a-worker',
      hints: [
        'Read all settings in one place, before anything starts.',
        'Say for a wrong one its name and what came; but of a URL not the value, as it holds a password.',
      ],
    },
    {
      id: 'kafka-once',
      sentence: 'on Kafka a worker killed after the commit and before the offset leaves one effect',
      read: 'three-brokers-one-contract',
      hints: [
        'What does a committed offset say about the messages before it?',
        'Switch automatic commits off, and commit the offset behind a message when its effect is there.',
        'The next worker begins at the last committed offset; the inbox knows what it has seen.',
      ],
    },
    {
      id: 'kafka-order',
      sentence:
        'on Kafka a message that fails is tried again before those of its partition, and other partitions go on',
      read: 'three-brokers-one-contract',
      hints: [
        'To commit an offset is to say that everything before it is done. What if the one before it is not?',
        'Stay at the message, and let its partition wait. Keep the session alive meanwhile.',
        'Some clients fetch for all partitions together: pause the one that waits, and let the others be fetched.',
      ],
    },
    {
      id: 'kafka-poison',
      sentence: 'on Kafka poison goes to a topic of its own with its history, and a redrive brings it back',
      read: 'three-brokers-one-contract',
      hints: [
        'Kafka has no dead letters. Who moves the message?',
        'Produce it to <QUEUE>.dead with its headers, wait for the answer, then commit the offset.',
        'Nothing is ever removed from a topic: what the redrive has moved is the committed offset of its own group.',
      ],
    },
    {
      id: 'sqs-once',
      sentence: 'on SQS a worker killed after the commit and before the delete leaves one effect',
      read: 'three-brokers-one-contract',
      hints: [
        'What does SQS do with a message that was received and not deleted?',
        'Delete it after the commit. When the visibility timeout is over it comes again, and the inbox knows it.',
      ],
    },
    {
      id: 'sqs-order',
      sentence: 'on SQS a message that fails is tried again before those of its group, and other groups go on',
      read: 'three-brokers-one-contract',
      hints: [
        'Standard queues promise no order. Which ones do?',
        'A FIFO queue, with the key as message group. Several messages of a group may come in one batch: chain them.',
      ],
    },
    {
      id: 'sqs-poison',
      sentence: 'on SQS poison goes to its dead-letter queue with its history, and a redrive brings it back',
      read: 'three-brokers-one-contract',
      hints: [
        'A redrive policy moves a message as it was: its history is yours to add. Send it there yourself.',
        'There are two dead-letter queues: a FIFO queue has a FIFO queue.',
        'A deduplication id that was seen in the last five minutes makes a send succeed and do nothing.',
      ],
    },
    {
      id: 'sqs-visibility',
      sentence: 'on SQS a message stays invisible for as long as its effect takes',
      read: 'three-brokers-one-contract',
      hints: [
        'SQS cannot see that a worker is alive. How does it tell a slow one from a dead one?',
        'By the clock alone. As long as you hold a message, extend its visibility in time.',
      ],
    },
    {
      id: 'differences',
      sentence: 'the program names what its broker does in its own way, as the table of the brief has it',
      read: 'three-brokers-one-contract',
      hints: [
        'One contract, three brokers: what does the contract not hide?',
        'Answer GET /broker with the row of the table for the broker that is in use.',
      ],
    },
  ],
};
