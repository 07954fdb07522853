/**
 * The manifest: six phases, nineteen labs, in order. Plain data, read by the command line, by `verify` and by the
 * site. A lab that stands has a `lab.ts` in its own folder with its checkpoints and hints; a planned one is
 * described here, and is never shown as done.
 */
import { chat } from './1-networking/chat/lab.ts';
import { framing } from './1-networking/framing/lab.ts';
import { tcpEcho } from './1-networking/tcp-echo/lab.ts';
import { udpEcho } from './1-networking/udp-echo/lab.ts';
import { containers } from './2-foundations/containers/lab.ts';
import { jwtAuth } from './2-foundations/jwt-auth/lab.ts';
import { restApi } from './2-foundations/rest-api/lab.ts';
import { cache } from './3-distributed/cache/lab.ts';
import { messageQueue } from './3-distributed/message-queue/lab.ts';
import { microservices } from './3-distributed/microservices/lab.ts';
import type { Course } from './course-schema.ts';

export const course: Course = {
  title: 'Senior Backend Prep',
  phases: [
    {
      number: 1,
      slug: 'networking',
      title: 'Networking',
      summary:
        'Tavern gets its sockets: echo servers that survive bad peers, a frame decoder, and a common room to talk in.',
      status: 'written',
      labs: [tcpEcho, udpEcho, framing, chat],
      writeUps: [{ slug: 'tcp-or-udp', question: 'TCP or UDP?', status: 'written' }],
    },
    {
      number: 2,
      slug: 'foundations',
      title: 'Backend foundations',
      summary: 'Tavern gets an API for its characters and quests, accounts that can be trusted, and an image to ship.',
      status: 'written',
      labs: [restApi, jwtAuth, containers],
      writeUps: [
        { slug: 'sessions-or-tokens', question: 'Sessions or tokens?', status: 'written' },
        { slug: 'optimistic-or-pessimistic', question: 'Optimistic or pessimistic?', status: 'written' },
      ],
    },
    {
      number: 3,
      slug: 'distributed',
      title: 'Distributed systems',
      summary: 'Tavern is split into services that crash, repeat themselves and still agree on the sums.',
      status: 'written',
      labs: [microservices, messageQueue, cache],
      writeUps: [
        { slug: 'monolith-or-microservices', question: 'Monolith or microservices?', status: 'written' },
        { slug: 'rabbitmq-kafka-or-sqs', question: 'RabbitMQ, Kafka or SQS?', status: 'written' },
        { slug: 'which-cache-strategy', question: 'Which cache strategy?', status: 'written' },
      ],
    },
    {
      number: 4,
      slug: 'cloud',
      title: 'Cloud and DevOps',
      summary: 'Tavern is built once, shipped to two clouds, and watched.',
      status: 'planned',
      labs: [
        {
          status: 'planned',
          slug: 'pipeline',
          title: 'Delivery pipeline',
          competency: 'A pipeline that leaks nothing and ships what it tested',
          teaches: [
            'give a workflow the least permissions that work',
            'promote one artifact through every stage',
            'evaluate what a workflow would run for a fork',
          ],
          kinds: ['files'],
          services: [],
        },
        {
          status: 'planned',
          slug: 'deploy',
          title: 'Deploy',
          competency: 'Infrastructure as code that is tested before it costs money',
          teaches: [
            'assert on a synthesized template',
            'catch a change that would replace a database',
            'roll back on an alarm',
          ],
          kinds: ['program'],
          services: [],
        },
        {
          status: 'planned',
          slug: 'observability',
          title: 'Observability',
          competency: 'Making a running system answer questions',
          teaches: [
            'join log, trace and metric of one request',
            'bound the cardinality of labels',
            'alert on the burn rate of an objective',
          ],
          kinds: ['program'],
          services: ['postgresql'],
        },
      ],
      writeUps: [
        { slug: 'aws-or-azure', question: 'AWS or Azure?', status: 'planned' },
        { slug: 'logs-metrics-or-traces', question: 'Logs, metrics or traces?', status: 'planned' },
        { slug: 'containers-or-functions', question: 'Containers or functions?', status: 'planned' },
      ],
    },
    {
      number: 5,
      slug: 'realtime',
      title: 'Real time',
      summary: 'Tavern goes live: lobbies that survive a dropped connection, fair matches, and a load that proves it.',
      status: 'planned',
      labs: [
        {
          status: 'planned',
          slug: 'lobby',
          title: 'WebSocket lobby',
          competency: 'A real-time server with authority over its state',
          teaches: [
            'resume a session with exactly the missed events',
            'coalesce and cut off slow clients',
            'share one lobby between two nodes',
          ],
          kinds: ['program'],
          services: ['redis'],
        },
        {
          status: 'planned',
          slug: 'matchmaking',
          title: 'Matchmaking',
          competency: 'Matching players fairly without letting anybody starve',
          teaches: [
            "rate players with Glicko-2, checked against the paper's example",
            'widen the window with waiting time',
            'keep two matchers from taking the same player',
          ],
          kinds: ['module', 'program'],
          services: ['redis'],
        },
        {
          status: 'planned',
          slug: 'load-test',
          title: 'Load test',
          competency: 'Measuring latency without fooling yourself',
          teaches: [
            'generate an open-loop load from intended start times',
            'record and merge histograms',
            'notice that the generator is the bottleneck',
          ],
          kinds: ['program'],
          services: [],
        },
      ],
      writeUps: [
        { slug: 'websocket-sse-or-polling', question: 'WebSocket, SSE or polling?', status: 'planned' },
        { slug: 'who-owns-the-state', question: 'Who owns the state?', status: 'planned' },
        { slug: 'what-does-a-percentile-hide', question: 'What does a percentile hide?', status: 'planned' },
      ],
    },
    {
      number: 6,
      slug: 'advanced',
      title: 'Advanced topics',
      summary: 'Tavern survives: partitions, replays, and the retry storm that would have taken it down.',
      status: 'planned',
      labs: [
        {
          status: 'planned',
          slug: 'consistency',
          title: 'Consistency',
          competency: 'Judging what a replicated store really promises',
          teaches: [
            'check a history for linearizability',
            'break and restore the session guarantees',
            'say what CP and AP each give up in a partition',
          ],
          kinds: ['module', 'program'],
          services: [],
        },
        {
          status: 'planned',
          slug: 'event-sourcing',
          title: 'Event sourcing',
          competency: 'An event store that readers can trust',
          teaches: [
            'append with an expected version',
            'read in a global order without gaps',
            'rebuild projections and erase personal data',
          ],
          kinds: ['program'],
          services: ['postgresql'],
        },
        {
          status: 'planned',
          slug: 'resilience',
          title: 'Resilience',
          competency: 'Failing without taking the neighbours along',
          teaches: [
            'retry with full jitter inside a budget',
            'propagate deadlines and cancel the work',
            'build a breaker that probes exactly as often as it says',
          ],
          kinds: ['module'],
          services: [],
        },
      ],
      writeUps: [
        { slug: 'consistency-or-availability', question: 'Consistency or availability?', status: 'planned' },
        { slug: 'crud-or-event-sourcing', question: 'CRUD or event sourcing?', status: 'planned' },
        { slug: 'retry-hedge-or-shed', question: 'Retry, hedge or shed?', status: 'planned' },
      ],
    },
  ],
};
