/** A term of the field, as this course uses it. */
export interface Term {
  readonly term: string;
  /** Its address on the page of the glossary. */
  readonly id: string;
  /** One to three sentences. */
  readonly definition: string;
  readonly source: { readonly title: string; readonly href: string };
  /** Where the course teaches it. */
  readonly taught: { readonly phase: string; readonly heading: string };
  /** How it stands in running text: a regular expression without its borders. */
  readonly match: string;
}

/** In alphabetical order. The first use in each chapter and write-up is linked; see glossary-links.ts. */
export const GLOSSARY: readonly Term[] = [
  {
    term: 'access token',
    id: 'access-token',
    definition:
      'A credential that a client shows to a server in order to reach what it protects, valid for some scope and some time.',
    source: { title: 'RFC 6749 §1.4', href: 'https://www.rfc-editor.org/rfc/rfc6749#section-1.4' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'access tokens?',
  },
  {
    term: 'acknowledgement',
    id: 'acknowledgement',
    definition:
      'A receiver’s statement of what it has taken over. In TCP it is the next byte expected, and speaks for the kernel and not for the program above it; to a broker it says that a message is done.',
    source: { title: 'RFC 793 §2.6', href: 'https://www.rfc-editor.org/rfc/rfc793#section-2.6' },
    taught: { phase: 'networking', heading: 'sockets-and-the-kernel' },
    match: 'acknowledgements?',
  },
  {
    term: 'Argon2id',
    id: 'argon2id',
    definition:
      'A function that derives a value from a password at a set cost of memory and time, so that each guess of an attacker costs the same.',
    source: { title: 'RFC 9106', href: 'https://www.rfc-editor.org/rfc/rfc9106' },
    taught: { phase: 'foundations', heading: 'passwords' },
    match: 'Argon2id',
  },
  {
    term: 'at least once',
    id: 'at-least-once',
    definition:
      'A promise of a broker: no message is lost, and some come twice. It remembers a message until somebody says that it is done.',
    source: { title: 'Kafka, Message Delivery Semantics', href: 'https://kafka.apache.org/documentation/#semantics' },
    taught: { phase: 'distributed', heading: 'messages-and-their-guarantees' },
    match: 'at least once',
  },
  {
    term: 'audience',
    id: 'audience',
    definition:
      'The party that a token is meant for, named in its claim aud. Whoever does not find itself there must reject the token.',
    source: { title: 'RFC 7519 §4.1.3', href: 'https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'audience',
  },
  {
    term: 'backpressure',
    id: 'backpressure',
    definition:
      'What a full buffer does to the side that fills it: it has to wait, and the wait is passed on until it reaches the source.',
    source: {
      title: 'Node.js, Backpressuring in Streams',
      href: 'https://nodejs.org/learn/modules/backpressuring-in-streams',
    },
    taught: { phase: 'networking', heading: 'backpressure' },
    match: 'backpressure',
  },
  {
    term: 'barrier',
    id: 'barrier',
    definition: 'A point that nobody passes before everybody has reached it.',
    source: {
      title: 'POSIX, pthread_barrier_wait',
      href: 'https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_barrier_wait.html',
    },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'barrier',
  },
  {
    term: 'broker',
    id: 'broker',
    definition:
      'A server that takes messages over from publishers, keeps them, and hands them to consumers, so that neither has to wait for the other.',
    source: { title: 'RabbitMQ, AMQP 0-9-1 Model Explained', href: 'https://www.rabbitmq.com/tutorials/amqp-concepts' },
    taught: { phase: 'distributed', heading: 'messages-and-their-guarantees' },
    match: 'brokers?',
  },
  {
    term: 'compensation',
    id: 'compensation',
    definition:
      'A transaction that takes back what an earlier one of a saga has done. What others saw in between stays seen.',
    source: { title: 'H. Garcia-Molina and K. Salem, Sagas', href: 'https://doi.org/10.1145/38713.38742' },
    taught: { phase: 'distributed', heading: 'sagas' },
    match: 'compensations?',
  },
  {
    term: 'confirm',
    id: 'confirm',
    definition:
      'A broker’s answer to a publisher: the message has been accepted by all queues that it was routed to, and the broker now answers for it.',
    source: {
      title: 'RabbitMQ, Publisher Confirms',
      href: 'https://www.rabbitmq.com/docs/confirms#publisher-confirms',
    },
    taught: { phase: 'distributed', heading: 'confirms-and-routing' },
    match: 'confirm mode',
  },
  {
    term: 'congestion control',
    id: 'congestion-control',
    definition:
      'How a sender finds the rate that the network between it and the receiver can carry, and slows down when it is exceeded.',
    source: { title: 'RFC 5681', href: 'https://www.rfc-editor.org/rfc/rfc5681' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'congestion control',
  },
  {
    term: 'consumer-driven contract',
    id: 'consumer-driven-contract',
    definition:
      'What consumers of an interface have written down of their use of it, in a form that can be run against its provider.',
    source: {
      title: 'I. Robinson, Consumer-Driven Contracts',
      href: 'https://martinfowler.com/articles/consumerDrivenContracts.html',
    },
    taught: { phase: 'distributed', heading: 'contracts-between-services' },
    match: 'consumer-driven contract',
  },
  {
    term: 'cursor',
    id: 'cursor',
    definition:
      'An opaque text that names a position in a list, given out with one page and handed back in order to get the next.',
    source: { title: 'GraphQL Cursor Connections', href: 'https://relay.dev/graphql/connections.htm' },
    taught: { phase: 'foundations', heading: 'keyset-pagination' },
    match: 'cursor',
  },
  {
    term: 'datagram',
    id: 'datagram',
    definition: 'A message that is sent by itself, and arrives whole or not at all, once or more often, in any order.',
    source: { title: 'RFC 768', href: 'https://www.rfc-editor.org/rfc/rfc768' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'datagrams?',
  },
  {
    term: 'dead-lettering',
    id: 'dead-lettering',
    definition:
      'Moving a message that was rejected, has expired or has come too often to another queue, instead of dropping it.',
    source: { title: 'RabbitMQ, Dead Letter Exchanges', href: 'https://www.rabbitmq.com/docs/dlx' },
    taught: { phase: 'distributed', heading: 'poison-messages' },
    match: 'dead-lettering',
  },
  {
    term: 'deadlock',
    id: 'deadlock',
    definition:
      'Two or more transactions of which each holds a lock that another one waits for, so that none can go on. PostgreSQL finds the circle and ends one of them.',
    source: {
      title: 'PostgreSQL, Deadlocks',
      href: 'https://www.postgresql.org/docs/15/explicit-locking.html#LOCKING-DEADLOCKS',
    },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'deadlocks?',
  },
  {
    term: 'delimiter',
    id: 'delimiter',
    definition:
      'A byte or sequence of bytes that ends a message and may not occur inside it, such as CRLF after a header line of HTTP/1.1.',
    source: { title: 'RFC 9112 §2.2', href: 'https://www.rfc-editor.org/rfc/rfc9112#section-2.2' },
    taught: { phase: 'networking', heading: 'framing' },
    match: 'delimiter',
  },
  {
    term: 'descriptor',
    id: 'descriptor',
    definition:
      'A small whole number by which a process names a file or socket that it has open. Each process may have only so many.',
    source: { title: 'open(2)', href: 'https://man7.org/linux/man-pages/man2/open.2.html' },
    taught: { phase: 'networking', heading: 'sockets-and-the-kernel' },
    match: 'descriptors?',
  },
  {
    term: 'duplicate acknowledgement',
    id: 'duplicate-acknowledgement',
    definition:
      'An acknowledgement that repeats the last one while data is outstanding: something arrived, and not what was expected next.',
    source: { title: 'RFC 5681 §2 and §3.2', href: 'https://www.rfc-editor.org/rfc/rfc5681#section-2' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'duplicate acknowledgements?',
  },
  {
    term: 'epoll',
    id: 'epoll',
    definition:
      'The interface of Linux for waiting on many descriptors at once; it says which are ready. kqueue serves that end on BSD and macOS.',
    source: { title: 'epoll(7)', href: 'https://man7.org/linux/man-pages/man7/epoll.7.html' },
    taught: { phase: 'networking', heading: 'one-loop-many-connections' },
    match: 'epoll',
  },
  {
    term: 'ETag',
    id: 'etag',
    definition:
      'An opaque name of one version of a representation. Two strong ones of one resource are equal only if the bytes are.',
    source: { title: 'RFC 9110 §8.8', href: 'https://www.rfc-editor.org/rfc/rfc9110#section-8.8' },
    taught: { phase: 'foundations', heading: 'conditional-requests' },
    match: 'ETag',
  },
  {
    term: 'FIN',
    id: 'fin',
    definition:
      'The mark in a TCP segment after which its sender sends no more data. It says nothing of the other direction.',
    source: { title: 'RFC 9293 §3.6', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.6' },
    taught: { phase: 'networking', heading: 'half-close' },
    match: 'FIN',
  },
  {
    term: 'fixation',
    id: 'fixation',
    definition:
      'An attack in which the attacker chooses the session’s name and gets the victim to log in with it. A new name at each log-in prevents it.',
    source: { title: 'OWASP, Session fixation', href: 'https://owasp.org/www-community/attacks/Session_fixation' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'fixation',
  },
  {
    term: 'fragment',
    id: 'fragment',
    definition:
      'A part of an IP packet that was too large for a link. The packet can be put together only if every fragment arrives.',
    source: { title: 'RFC 791 §3.2', href: 'https://www.rfc-editor.org/rfc/rfc791#section-3.2' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'fragments?',
  },
  {
    term: 'heartbeat',
    id: 'heartbeat',
    definition:
      'A small message at regular times whose answer shows that the peer is still there; WebSocket calls it ping and pong.',
    source: { title: 'RFC 6455 §5.5.2', href: 'https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2' },
    taught: { phase: 'networking', heading: 'timeouts' },
    match: 'heartbeat',
  },
  {
    term: 'HMAC',
    id: 'hmac',
    definition:
      'A code over a message, made with a hash function and a secret. Whoever can check it can also make it, unlike a signature.',
    source: { title: 'RFC 2104', href: 'https://www.rfc-editor.org/rfc/rfc2104' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'HMAC',
  },
  {
    term: 'ID token',
    id: 'id-token',
    definition:
      'A signed statement to a client about who has logged in, and when. Its audience is that client, so it is no key to any API.',
    source: { title: 'OpenID Connect Core §2', href: 'https://openid.net/specs/openid-connect-core-1_0.html#IDToken' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'ID token',
  },
  {
    term: 'idempotent',
    id: 'idempotent',
    definition: 'Of a request: sent several times, it is meant to have the effect of being sent once.',
    source: { title: 'RFC 9110 §9.2.2', href: 'https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2' },
    taught: { phase: 'foundations', heading: 'idempotency-keys' },
    match: 'idempotent|sent again',
  },
  {
    term: 'inbox',
    id: 'inbox',
    definition:
      'A table of the messages that a consumer has taken, written in the transaction of their effects, so that a repeat is known.',
    source: {
      title: 'O. Dudycz, Outbox, Inbox patterns and delivery guarantees explained',
      href: 'https://event-driven.io/en/outbox_inbox_patterns_and_delivery_guarantees_explained/',
    },
    taught: { phase: 'distributed', heading: 'effects-that-happen-once' },
    match: 'inbox',
  },
  {
    term: 'isolation level',
    id: 'isolation-level',
    definition:
      'How much a transaction may notice of others that run beside it, in PostgreSQL from read committed to serializable.',
    source: {
      title: 'PostgreSQL, Transaction Isolation',
      href: 'https://www.postgresql.org/docs/15/transaction-iso.html',
    },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'isolation level',
  },
  {
    term: 'issuer',
    id: 'issuer',
    definition: 'The party that made a token, named in its claim iss.',
    source: { title: 'RFC 7519 §4.1.1', href: 'https://www.rfc-editor.org/rfc/rfc7519#section-4.1.1' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'issuer',
  },
  {
    term: 'jitter',
    id: 'jitter',
    definition: 'A random part of a time, so that what was begun together is not repeated or ended together.',
    source: {
      title: 'AWS Builders’ Library, Timeouts, retries, and backoff with jitter',
      href: 'https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/',
    },
    taught: { phase: 'distributed', heading: 'expiry-and-early-refresh' },
    match: 'jitter',
  },
  {
    term: 'JSON Web Token',
    id: 'json-web-token',
    definition:
      'A set of claims in JSON that is signed or encrypted and written in characters that fit a header or an address.',
    source: { title: 'RFC 7519', href: 'https://www.rfc-editor.org/rfc/rfc7519' },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'JSON Web Token',
  },
  {
    term: 'keep-alive',
    id: 'keep-alive',
    definition:
      'A TCP segment without new data on a silent connection, whose answer shows that the peer’s kernel still knows the connection.',
    source: { title: 'RFC 9293 §3.8.4', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.8.4' },
    taught: { phase: 'networking', heading: 'timeouts' },
    match: 'Keep-alive',
  },
  {
    term: 'layer',
    id: 'layer',
    definition:
      'One set of changes to the files of an image. Layers are stacked, and what a later one deletes is still in the earlier one.',
    source: {
      title: 'OCI Image Specification, Layers',
      href: 'https://github.com/opencontainers/image-spec/blob/main/layer.md',
    },
    taught: { phase: 'foundations', heading: 'images' },
    match: 'layers',
  },
  {
    term: 'lease',
    id: 'lease',
    definition:
      'A right that ends by itself if its holder does not come back. A cache gives it to the one reader who is to load a missing value.',
    source: {
      title: 'Scaling Memcache at Facebook, §3.2.1',
      href: 'https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala',
    },
    taught: { phase: 'distributed', heading: 'stampedes' },
    match: 'leases?',
  },
  {
    term: 'liveness',
    id: 'liveness',
    definition: 'Whether a process would be helped by a restart. A probe that fails makes the orchestrator restart it.',
    source: {
      title: 'Kubernetes, Probes',
      href: 'https://kubernetes.io/docs/concepts/workloads/pods/probes/',
    },
    taught: { phase: 'foundations', heading: 'health-and-readiness' },
    match: 'liveness probe',
  },
  {
    term: 'load balancer',
    id: 'load-balancer',
    definition:
      'A program or device that takes connections or requests at one address and hands each to one of several servers.',
    source: { title: 'Kubernetes, Service', href: 'https://kubernetes.io/docs/concepts/services-networking/service/' },
    taught: { phase: 'networking', heading: 'resets-and-refusals' },
    match: 'load balancer',
  },
  {
    term: 'loopback',
    id: 'loopback',
    definition:
      'The network of a host with itself, 127.0.0.0/8 in IPv4. Its packets must never appear outside of the host.',
    source: { title: 'RFC 1122 §3.2.1.3', href: 'https://www.rfc-editor.org/rfc/rfc1122#page-31' },
    taught: { phase: 'networking', heading: 'sockets-and-the-kernel' },
    match: 'loopback',
  },
  {
    term: 'lost update',
    id: 'lost-update',
    definition: 'A write that disappears because somebody who had not seen it wrote over it.',
    source: { title: 'RFC 9110 §13.1.1', href: 'https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1' },
    taught: { phase: 'foundations', heading: 'conditional-requests' },
    match: 'lost update',
  },
  {
    term: 'mass assignment',
    id: 'mass-assignment',
    definition:
      'Copying every member of a request into a stored object, so that a client sets what it was never meant to set.',
    source: {
      title: 'OWASP API3:2023',
      href: 'https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/',
    },
    taught: { phase: 'foundations', heading: 'validation-at-the-edge' },
    match: 'mass assignment',
  },
  {
    term: 'merge patch',
    id: 'merge-patch',
    definition:
      'A JSON document that changes another one: its members replace, null removes, and what it leaves out stays.',
    source: { title: 'RFC 7396', href: 'https://www.rfc-editor.org/rfc/rfc7396' },
    taught: { phase: 'foundations', heading: 'resources-and-methods' },
    match: 'application/merge-patch\\+json',
  },
  {
    term: 'message group',
    id: 'message-group',
    definition:
      'Messages of a FIFO queue of SQS with the same group id. They are handed out in order, and no further one while one of them is being worked on.',
    source: {
      title: 'SQS, FIFO delivery logic',
      href: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html',
    },
    taught: { phase: 'distributed', heading: 'order-and-retries' },
    match: 'message group',
  },
  {
    term: 'middlebox',
    id: 'middlebox',
    definition:
      'A device on the way that does more to packets than to forward them, such as a firewall or an address translator.',
    source: { title: 'RFC 3234 §1.1', href: 'https://www.rfc-editor.org/rfc/rfc3234#section-1.1' },
    taught: { phase: 'networking', heading: 'half-close' },
    match: 'middlebox',
  },
  {
    term: 'MTU',
    id: 'mtu',
    definition: 'The largest packet that a link carries in one piece. That of a path is the smallest among its links.',
    source: { title: 'RFC 1191', href: 'https://www.rfc-editor.org/rfc/rfc1191' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'MTU',
  },
  {
    term: 'Nagle’s algorithm',
    id: 'nagles-algorithm',
    definition:
      'A rule for senders of TCP: while data is unacknowledged, gather small writes until a full segment is there or the acknowledgement has come.',
    source: { title: 'RFC 9293 §3.7.4', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: "Nagle[’']s algorithm",
  },
  {
    term: 'named volume',
    id: 'named-volume',
    definition: 'Storage that an engine keeps under a name, apart from any container, so that it survives them.',
    source: { title: 'Docker, Volumes', href: 'https://docs.docker.com/engine/storage/volumes/' },
    taught: { phase: 'foundations', heading: 'the-stack' },
    match: 'named volume',
  },
  {
    term: 'network namespace',
    id: 'network-namespace',
    definition:
      'A network of its own for a group of processes on Linux, with its own devices, addresses, routes and ports.',
    source: { title: 'network_namespaces(7)', href: 'https://man7.org/linux/man-pages/man7/network_namespaces.7.html' },
    taught: { phase: 'networking', heading: 'sockets-and-the-kernel' },
    match: 'network namespaces',
  },
  {
    term: 'offset',
    id: 'offset',
    definition:
      'The number of a message in its partition. A committed offset says where a group of consumers goes on, and so that everything before it is done.',
    source: { title: 'Kafka, The Consumer', href: 'https://kafka.apache.org/documentation/#theconsumer' },
    taught: { phase: 'distributed', heading: 'three-brokers-one-contract' },
    match: 'offset',
  },
  {
    term: 'OpenAPI',
    id: 'openapi',
    definition:
      'A format that describes an HTTP API for people and programs: its paths, parameters, bodies and answers.',
    source: { title: 'OpenAPI 3.1', href: 'https://spec.openapis.org/oas/v3.1.0' },
    taught: { phase: 'foundations', heading: 'validation-at-the-edge' },
    match: 'OpenAPI',
  },
  {
    term: 'optimistic concurrency',
    id: 'optimistic-concurrency',
    definition: 'Work without locks, check at the end whether anybody interfered, and begin again if so.',
    source: { title: 'Kung and Robinson, 1981', href: 'https://doi.org/10.1145/319566.319567' },
    taught: { phase: 'foundations', heading: 'conditional-requests' },
    match: 'called optimistic',
  },
  {
    term: 'orchestrator',
    id: 'orchestrator',
    definition:
      'A program that keeps other programs running on many machines: it starts, checks, stops and replaces them.',
    source: { title: 'Kubernetes, Overview', href: 'https://kubernetes.io/docs/concepts/overview/' },
    taught: { phase: 'networking', heading: 'stopping' },
    match: 'orchestrator',
  },
  {
    term: 'outbox',
    id: 'outbox',
    definition:
      'Here: the queue of what a server has still to send to one client. Node keeps such a queue for each socket, without a bound.',
    source: {
      title: 'Node.js, writable.write',
      href: 'https://nodejs.org/api/stream.html#writablewritechunk-encoding-callback',
    },
    taught: { phase: 'networking', heading: 'slow-consumers' },
    match: 'outbox of its own',
  },
  {
    term: 'overlong form',
    id: 'overlong-form',
    definition:
      'A character in more bytes of UTF-8 than it needs. It is not valid, and has been used to carry characters past a filter.',
    source: { title: 'RFC 3629 §10', href: 'https://www.rfc-editor.org/rfc/rfc3629#section-10' },
    taught: { phase: 'networking', heading: 'framing' },
    match: 'overlong forms',
  },
  {
    term: 'partial failure',
    id: 'partial-failure',
    definition:
      'A failure of one part of a system that goes on in its other parts, which cannot tell it from slowness.',
    source: {
      title: 'J. Waldo and others, A Note on Distributed Computing',
      href: 'https://doi.org/10.1007/3-540-62852-5_6',
    },
    taught: { phase: 'distributed', heading: 'when-to-split' },
    match: 'partial failure',
  },
  {
    term: 'partition',
    id: 'partition',
    definition: 'A part of a topic of Kafka, ordered in itself. One consumer of a group has it at a time.',
    source: { title: 'Kafka, The Consumer', href: 'https://kafka.apache.org/documentation/#theconsumer' },
    taught: { phase: 'distributed', heading: 'order-and-retries' },
    match: 'partition',
  },
  {
    term: 'percentile',
    id: 'percentile',
    definition:
      'The value that so many per cent of the measurements do not exceed. At most one in a hundred is above the 99th.',
    source: { title: 'NIST, Percentiles', href: 'https://www.itl.nist.gov/div898/handbook/prc/section2/prc262.htm' },
    taught: { phase: 'networking', heading: 'what-it-cost' },
    match: '99th percentile',
  },
  {
    term: 'poison message',
    id: 'poison-message',
    definition: 'A message that fails or kills every consumer that takes it, and would come again for ever.',
    source: {
      title: 'RabbitMQ, Poison Message Handling',
      href: 'https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling',
    },
    taught: { phase: 'distributed', heading: 'poison-messages' },
    match: 'poison message',
  },
  {
    term: 'pool',
    id: 'pool',
    definition:
      'A bounded set of open connections that requests borrow and give back. When all are lent, the next request waits.',
    source: { title: 'node-postgres, Pooling', href: 'https://node-postgres.com/features/pooling' },
    taught: { phase: 'foundations', heading: 'pools-timeouts-and-recovery' },
    match: 'the pool',
  },
  {
    term: 'port unreachable',
    id: 'port-unreachable',
    definition: 'The ICMP message with which a host answers a datagram to a port that nobody listens on.',
    source: { title: 'RFC 1122 §4.1.3.1', href: 'https://www.rfc-editor.org/rfc/rfc1122#page-77' },
    taught: { phase: 'networking', heading: 'resets-and-refusals' },
    match: 'port unreachable',
  },
  {
    term: 'prefetch',
    id: 'prefetch',
    definition: 'How many messages a consumer may hold that it has not acknowledged.',
    source: { title: 'RabbitMQ, Consumer Prefetch', href: 'https://www.rabbitmq.com/docs/consumer-prefetch' },
    taught: { phase: 'distributed', heading: 'acknowledgements-and-redelivery' },
    match: 'prefetch',
  },
  {
    term: 'presence',
    id: 'presence',
    definition: 'Who is there, and how that comes to be known to the others.',
    source: { title: 'RFC 2778', href: 'https://www.rfc-editor.org/rfc/rfc2778' },
    taught: { phase: 'networking', heading: 'names-and-presence' },
    match: 'presence',
  },
  {
    term: 'process 1',
    id: 'process-1',
    definition:
      'The first process of a PID namespace. Signals for which it has no handler are not delivered to it from within, and when it ends the kernel kills the rest.',
    source: { title: 'pid_namespaces(7)', href: 'https://man7.org/linux/man-pages/man7/pid_namespaces.7.html' },
    taught: { phase: 'foundations', heading: 'process-one' },
    match: 'process 1',
  },
  {
    term: 'QUIC',
    id: 'quic',
    definition:
      'A transport over UDP with encryption and many streams in one connection; a loss in one stream holds up no other.',
    source: { title: 'RFC 9000', href: 'https://www.rfc-editor.org/rfc/rfc9000' },
    taught: { phase: 'networking', heading: 'amplification-and-fairness' },
    match: 'QUIC',
  },
  {
    term: 'quorum queue',
    id: 'quorum-queue',
    definition: 'A queue that RabbitMQ keeps on several nodes. A message is in it once a majority of them has it.',
    source: { title: 'RabbitMQ, Quorum Queues', href: 'https://www.rabbitmq.com/docs/quorum-queues' },
    taught: { phase: 'distributed', heading: 'confirms-and-routing' },
    match: 'quorum queues?',
  },
  {
    term: 'redrive',
    id: 'redrive',
    definition: 'Bringing back what lies in a dead-letter queue, after its cause was mended.',
    source: {
      title: 'SQS, Dead-letter queue redrive',
      href: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html',
    },
    taught: { phase: 'distributed', heading: 'poison-messages' },
    match: 'redrive',
  },
  {
    term: 'refresh token',
    id: 'refresh-token',
    definition: 'A credential for getting new access tokens. It goes to the server that issued it and to no other.',
    source: { title: 'RFC 6749 §1.5', href: 'https://www.rfc-editor.org/rfc/rfc6749#section-1.5' },
    taught: { phase: 'foundations', heading: 'refresh-tokens' },
    match: 'refresh tokens?',
  },
  {
    term: 'resident memory',
    id: 'resident-memory',
    definition: 'The part of a process’s memory that stands in RAM at the moment; VmRSS on Linux.',
    source: { title: 'proc_pid_status(5)', href: 'https://man7.org/linux/man-pages/man5/proc_pid_status.5.html' },
    taught: { phase: 'networking', heading: 'backpressure' },
    match: 'resident memory',
  },
  {
    term: 'round trip',
    id: 'round-trip',
    definition: 'The way of a message to the other end and of an answer back, and the time that both take.',
    source: { title: 'RFC 2681', href: 'https://www.rfc-editor.org/rfc/rfc2681' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'round trips?',
  },
  {
    term: 'RST',
    id: 'rst',
    definition:
      'The mark in a TCP segment that ends a connection at once, in both directions, with everything still under way lost.',
    source: { title: 'RFC 9293 §3.10.7.4', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7.4' },
    taught: { phase: 'networking', heading: 'half-close' },
    match: 'RST',
  },
  {
    term: 'saga',
    id: 'saga',
    definition:
      'A chain of transactions in several places that is completed, or taken back step by step by compensations.',
    source: { title: 'H. Garcia-Molina and K. Salem, Sagas', href: 'https://doi.org/10.1145/38713.38742' },
    taught: { phase: 'distributed', heading: 'sagas' },
    match: 'sagas?',
  },
  {
    term: 'segment',
    id: 'segment',
    definition:
      'What TCP sends in one IP packet: a header and a piece of the stream, cut without regard to the program’s writes.',
    source: { title: 'RFC 9293 §3.7', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.7' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'segments?',
  },
  {
    term: 'sequence number',
    id: 'sequence-number',
    definition:
      'The place of something in a series. TCP counts bytes with it, so that what is lost, doubled or out of order is noticed.',
    source: { title: 'RFC 9293 §3.4', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.4' },
    taught: { phase: 'networking', heading: 'streams-and-datagrams' },
    match: 'sequence number',
  },
  {
    term: 'serializable',
    id: 'serializable',
    definition:
      'The isolation level at which transactions that run side by side have the same effect as in some order one after another.',
    source: {
      title: 'PostgreSQL, Serializable',
      href: 'https://www.postgresql.org/docs/15/transaction-iso.html#XACT-SERIALIZABLE',
    },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'serializable',
  },
  {
    term: 'session',
    id: 'session',
    definition:
      'What a server remembers of a client from one request to the next, under a name that the client sends along.',
    source: {
      title: 'OWASP, Session Management',
      href: 'https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html',
    },
    taught: { phase: 'foundations', heading: 'access-tokens' },
    match: 'sessions?',
  },
  {
    term: 'SIGTERM',
    id: 'sigterm',
    definition:
      'The signal that asks a process to end. The process may handle it, unlike SIGKILL, which ends it unasked.',
    source: { title: 'signal(7)', href: 'https://man7.org/linux/man-pages/man7/signal.7.html' },
    taught: { phase: 'networking', heading: 'stopping' },
    match: 'SIGTERM',
  },
  {
    term: 'single flight',
    id: 'single-flight',
    definition: 'Letting those who ask for the same thing at the same time wait for one piece of work.',
    source: { title: 'Go, package singleflight', href: 'https://pkg.go.dev/golang.org/x/sync/singleflight' },
    taught: { phase: 'distributed', heading: 'stampedes' },
    match: 'single flight',
  },
  {
    term: 'sorted set',
    id: 'sorted-set',
    definition:
      'A type of Redis: members that occur once, each with a score, kept in the order of the scores and then of the members’ bytes.',
    source: { title: 'Redis, Sorted sets', href: 'https://redis.io/docs/latest/develop/data-types/sorted-sets/' },
    taught: { phase: 'distributed', heading: 'leaderboards' },
    match: 'sorted set',
  },
  {
    term: 'SQLSTATE',
    id: 'sqlstate',
    definition:
      'Five characters that name an error of SQL and do not change with the text of its message: 40001 is a serialization failure.',
    source: { title: 'PostgreSQL, Error Codes', href: 'https://www.postgresql.org/docs/15/errcodes-appendix.html' },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'SQLSTATE',
  },
  {
    term: 'stampede',
    id: 'stampede',
    definition:
      'What happens when a popular entry of a cache expires: everybody finds it missing, and everybody loads it.',
    source: {
      title: 'A. Vattani and others, Optimal Probabilistic Cache Stampede Prevention',
      href: 'https://doi.org/10.14778/2757807.2757813',
    },
    taught: { phase: 'distributed', heading: 'stampedes' },
    match: 'stampede',
  },
  {
    term: 'surrogate pair',
    id: 'surrogate-pair',
    definition:
      'Two units of 16 bits that together stand for one character in UTF-16. Half of one is no character, and is invalid in UTF-8.',
    source: { title: 'Unicode, Glossary, and RFC 3629 §3', href: 'https://www.unicode.org/glossary/#surrogate_pair' },
    taught: { phase: 'networking', heading: 'framing' },
    match: 'surrogate pairs?',
  },
  {
    term: 'token bucket',
    id: 'token-bucket',
    definition:
      'A limit on rate that allows bursts: tokens drip into a bucket of fixed size, and each unit sent takes one out.',
    source: { title: 'RFC 3290 §5.1.3', href: 'https://www.rfc-editor.org/rfc/rfc3290#section-5.1.3' },
    taught: { phase: 'networking', heading: 'amplification-and-fairness' },
    match: 'token bucket',
  },
  {
    term: 'transactional outbox',
    id: 'transactional-outbox',
    definition:
      'A table of messages to be published, written in the transaction of the change that they tell of. A relay carries them to the broker.',
    source: {
      title: 'C. Richardson, Transactional outbox',
      href: 'https://microservices.io/patterns/data/transactional-outbox.html',
    },
    taught: { phase: 'distributed', heading: 'the-outbox' },
    match: 'transactional outbox',
  },
  {
    term: 'unique index',
    id: 'unique-index',
    definition:
      'An index that refuses a second row with the same key. A second writer waits until the first has committed or rolled back.',
    source: {
      title: 'PostgreSQL, Index Uniqueness Checks',
      href: 'https://www.postgresql.org/docs/15/index-unique-checks.html',
    },
    taught: { phase: 'foundations', heading: 'idempotency-keys' },
    match: 'unique index',
  },
  {
    term: 'visibility timeout',
    id: 'visibility-timeout',
    definition:
      'How long SQS hides a message that somebody has received. If it is not deleted by then, it is handed out again.',
    source: {
      title: 'SQS, Visibility timeout',
      href: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html',
    },
    taught: { phase: 'distributed', heading: 'three-brokers-one-contract' },
    match: 'visibility timeout',
  },
  {
    term: 'window',
    id: 'window',
    definition: 'How many bytes more a receiver of TCP is willing to take. At zero, the sender has to wait.',
    source: { title: 'RFC 9293 §3.8.6', href: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.8.6' },
    taught: { phase: 'networking', heading: 'backpressure' },
    match: 'the window',
  },
  {
    term: 'write skew',
    id: 'write-skew',
    definition:
      'Two transactions each read what the other one then changes, and write different rows, so that a rule which both of them checked is broken.',
    source: { title: 'Berenson et al., 1995', href: 'https://doi.org/10.1145/223784.223785' },
    taught: { phase: 'foundations', heading: 'transactions-and-isolation' },
    match: 'write skew',
  },
];
