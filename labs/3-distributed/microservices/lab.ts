import type { BuiltLab } from '../../course-schema.ts';

export const microservices: BuiltLab = {
  status: 'built',
  slug: 'microservices',
  title: 'Microservices',
  competency: 'Splitting a system without losing its guarantees',
  teaches: [
    'split a system so that its clients notice nothing',
    'let the database refuse what services must not share',
    'publish events with a transactional outbox, and take each of them once',
    'bring a saga that crashed anywhere to a clean end',
    'change events and answers without stopping everybody at once',
    'hold services together with contract tests',
  ],
  kinds: ['program'],
  services: ['postgresql', 'rabbitmq'],
  entry: { typescript: 'server.ts' },
  packages: ['amqplib', 'pg', 'pino', '@pact-foundation/pact'],
  diagrams: ['split', 'outbox-and-inbox', 'quest-saga'],
  checkpoints: [
    {
      id: 'parity',
      sentence: 'the same story gets the same answers from the monolith and from the split',
      read: 'when-to-split',
      passesInStarter: 'the starter is the monolith, and what it answers is what the split is held against',
      hints: [
        'The failure shows the first answer that differs. What did the code that gave it know, that is elsewhere now?',
        'Move code with its rules: statuses, headers and the order of its checks. What another service knows has to come by a question or an event.',
      ],
    },
    {
      id: 'own-processes',
      sentence: 'each service is a process of its own, and one that is killed is started again while the others go on',
      read: 'when-to-split',
      hints: [
        'What does the operating system know of your services?',
        'Let the first process start one for each service, read their ports, and write a SERVICE line for every start.',
        'Start a process that ended again, on the port that it had, a little later each time that it fails at once.',
      ],
    },
    {
      id: 'own-schema',
      sentence: 'the database refuses each service the tables of the others',
      read: 'tables-of-ones-own',
      hints: [
        'Who stops a colleague in a hurry from a join over two services?',
        'Make a role and a schema for each service; whoever owns the schema owns its tables.',
        'Everybody has rights on the schema public until you take them away.',
      ],
    },
    {
      id: 'own-role',
      sentence: 'each service is connected to the database as its own role, and nobody stays as the owner',
      read: 'tables-of-ones-own',
      hints: [
        'A role that nobody logs in as protects nothing.',
        'Use DATABASE_URL only to make roles and schemas. Give each service a URL with its own role and a password of this start.',
      ],
    },
    {
      id: 'gateway-only',
      sentence: 'a service answers nobody but the gateway, and does not look at tokens again',
      read: 'the-gateway',
      hints: [
        'Who else can reach the port of a service?',
        'The gateway shows INTERNAL_SECRET with each request, and says in Tavern-Account who asks. Without the right secret: 403.',
        'At which address does the service listen? A server that is given none takes all that the machine has.',
      ],
    },
    {
      id: 'forged-identity',
      sentence: 'a client that says in a header who it is, is not believed',
      read: 'the-gateway',
      passesInStarter: 'the monolith knows no such headers; a gateway that passes them on would begin to believe them',
      hints: [
        'Which headers does your gateway pass on?',
        'Begin with none, and name those that a service needs. Header names ignore case.',
      ],
    },
    {
      id: 'request-ids',
      sentence: 'every answer has an X-Request-Id, its own or the one that a client has chosen well',
      read: 'the-gateway',
      passesInStarter: 'the monolith gives every answer an id; the gateway has to go on with it',
      hints: [
        'Do your errors have one as well?',
        'Take the id of the client only if it is 1 to 64 letters, digits, dots, hyphens and underscores; otherwise make one.',
      ],
    },
    {
      id: 'logs-together',
      sentence: 'all that one request sets off, events included, can be found in the logs by its id',
      read: 'the-gateway',
      hints: [
        'Where does the id get lost on its way from service to service?',
        'Hand it on in X-Request-Id over HTTP, and in requestid with each event; an event that follows from another one keeps it.',
        'Each line is a JSON object with at least service and requestId.',
      ],
    },
    {
      id: 'service-down',
      sentence: 'while a service is down its requests get one answer, 503 with Retry-After, and then they work again',
      read: 'the-gateway',
      hints: [
        'How many ways are there for a call to another process to fail, and how many answers does your client need?',
        'Refused, reset, ended early: turn each of them into the same problem, at one place.',
      ],
    },
    {
      id: 'slow-service',
      sentence: 'a service that does not answer costs a client UPSTREAM_TIMEOUT_MS at the most, and the others nothing',
      read: 'the-gateway',
      hints: [
        'A process that is frozen still accepts connections: the kernel does that. What do you wait for then?',
        'One timer for the whole request, from its beginning to the end of the answer. When it fires: the same 503.',
      ],
    },
    {
      id: 'partial-offer',
      sentence: 'an answer made of two services says what is known when one of them is away',
      read: 'the-gateway',
      hints: [
        'Is a quest worth reading when nobody can say whether its guild can pay?',
        'null means that nobody knows. Answer with it when rewards is away, and with the 503 when quests is.',
      ],
    },
    {
      id: 'lost-event',
      sentence: 'a crash between the commit and the publish of an event loses nothing, and has no second effect',
      read: 'the-outbox',
      hints: [
        'Two systems are written to, and a crash comes in between. Which of the two is right then?',
        'Write the event into a table, in the transaction of the change. Somebody else carries it to the broker, and takes it out after the confirm.',
        'A crash after the confirm publishes it twice: that is for the consumer to notice.',
      ],
    },
    {
      id: 'ghost-event',
      sentence: 'a change that was never committed is told to nobody',
      read: 'the-outbox',
      hints: [
        'To publish before the commit turns the problem round: an event of something that never was.',
        'The row of the outbox is rolled back with the rest.',
      ],
    },
    {
      id: 'event-once',
      sentence: 'every event that comes again, in any order, has no second effect',
      read: 'effects-that-happen-once',
      hints: [
        'By what do you know that an event was here before?',
        'Insert its source and id into a table of the service, in the transaction of its effect. If they are there already, there is nothing to do.',
      ],
    },
    {
      id: 'saga-completes',
      sentence: 'an accepted quest has its place, its reward and its adventurer, and an empty treasury refuses',
      read: 'sagas',
      passesInStarter: 'in one transaction nothing can be in between; the split has to end in the same way',
      hints: [
        'Which three services have to agree, and in which order do they get to know of it?',
        'Say accepted in the step after which nothing can fail any more.',
      ],
    },
    {
      id: 'saga-compensates',
      sentence: 'a saga that is refused late has taken everything back by the time it says so',
      read: 'sagas',
      hints: [
        'What has been done by the time accounts refuses, and who undoes it?',
        'rewards gives back what it has reserved for this acceptance, and says so; quests says refused only then, and gives back the place.',
      ],
    },
    {
      id: 'crash-accepting',
      sentence: 'a saga whose services crash at every point ends accepted, with the same sums',
      read: 'sagas',
      hints: [
        'Go through the five points with pen and paper: what is committed, what is published, what is acknowledged?',
        'Effect, inbox and outbox in one transaction; acknowledge after the commit, take out of the outbox after the confirm.',
      ],
    },
    {
      id: 'crash-refusing',
      sentence: 'a saga that is refused while its services crash ends refused, with everything given back once',
      read: 'sagas',
      hints: [
        'A compensation is a step like any other: it may come twice, and it must not get lost.',
        'Remember for each acceptance what was reserved, and whether it has been released.',
      ],
    },
    {
      id: 'sagas-at-once',
      sentence: 'sagas at once, and while services are killed at random moments, never promise more gold than there is',
      read: 'sagas',
      hints: [
        'Two of them read the same treasury. What do both write?',
        'Compare and change in one statement, and look whether it changed a row.',
        'The failure prints its seed: LAB_SEED=<seed> draws the same moments again. Look for an effect outside of the transaction that remembers it.',
      ],
    },
    {
      id: 'broker-away',
      sentence: 'requests are answered while the broker is frozen or cut off, and what they set off happens afterwards',
      read: 'losing-the-broker',
      hints: [
        'What does your service know when write() has returned?',
        'Wait for the confirm of the broker, with a limit. Without it the event stays in the outbox.',
        'Connect again, and declare everything again, with a growing pause between attempts. No request waits for that.',
      ],
    },
    {
      id: 'newer-minor',
      sentence: 'an event of another minor version is understood, older or newer, whatever else is in it',
      read: 'events-that-change',
      hints: [
        'Two services are never updated in the same moment. Which versions meet?',
        'Read the fields that you need and leave the rest alone. A field that came later has a default.',
        'A version is two numbers, and only the first says whether you can read it.',
      ],
    },
    {
      id: 'newer-major',
      sentence: 'what cannot be read is put aside as it came, and what stands behind it gets its turn',
      read: 'events-that-change',
      hints: [
        'What happens to a message that you give back to its queue?',
        'Publish it to the queue parked, byte by byte, wait for the confirm, and only then acknowledge it.',
      ],
    },
    {
      id: 'http-contracts',
      sentence: 'quests and rewards keep the contracts that the gateway has written down',
      read: 'contracts-between-services',
      hints: [
        'The contracts are in contracts/, as JSON. Which field does the failure name?',
        'A provider may add whatever it likes. What a consumer reads, it may not rename, drop or give another type.',
      ],
    },
    {
      id: 'event-contracts',
      sentence: 'real events keep the contracts that their consumers have written down',
      read: 'contracts-between-services',
      hints: [
        'An event is an interface, too: somebody reads it whom you do not know.',
        'Compare what you publish with the table of events in the brief, envelope and data.',
        'What is left of a queue, and of the events in it, when the broker restarts? The queue and each message say that for themselves.',
      ],
    },
    {
      id: 'graceful-stop',
      sentence: 'on SIGTERM the whole system ends with code 0, and no process is left',
      read: 'stopping-a-worker',
      hints: [
        'Who tells the services? Only the first process gets the signal.',
        'Close the door first, then end those behind it, and wait for each of them.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'an invalid setting, no database or a port in use ends the start with one line',
      read: 'stopping-a-worker',
      hints: [
        'Read all settings in the first process, before anything is started.',
        'A service that cannot begin for a reason that will not pass must not be started again for ever.',
      ],
    },
  ],
};
