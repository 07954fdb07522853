import type { BuiltLab } from '../../course-schema.ts';

export const restApi: BuiltLab = {
  status: 'built',
  slug: 'rest-api',
  title: 'REST API',
  competency: 'Designing an HTTP API that stays correct under concurrent writers',
  teaches: [
    'answer every error path with a problem document',
    'prevent lost updates with ETag and If-Match',
    'page through a changing table without skipping a row',
    'make a repeated request have one effect',
    'prevent write skew, and repeat the transactions that it costs',
    'answer in time when the database does not, and recover without a restart',
  ],
  kinds: ['program'],
  services: ['postgresql'],
  entry: { typescript: 'server.ts' },
  packages: ['express', 'fastify', 'pg', 'ajv', 'ajv-formats', 'pino'],
  diagrams: ['api-request', 'write-skew'],
  checkpoints: [
    {
      id: 'create-and-read',
      sentence: 'what is created is answered with 201, Location and ETag, and is read there as it was sent',
      read: 'resources-and-methods',
      hints: [
        'A client that creates something wants to know three things: that it worked, where the new thing is, and which version it has.',
        'Let the database make the id and the times, and answer with the row as RETURNING gives it.',
        'An id that is no UUID belongs to no row: find that out before the database does.',
      ],
    },
    {
      id: 'replace-patch-delete',
      sentence: 'PUT replaces all of a resource, PATCH merges into it, and DELETE leaves a 404',
      read: 'resources-and-methods',
      hints: [
        'What becomes of a field that the body of a PUT leaves out? And of one that a PATCH leaves out?',
        'In a merge patch (RFC 7396) null means: take it away. An optional field that is taken away has its default.',
      ],
    },
    {
      id: 'routes',
      sentence: 'an unknown route is a 404, and an unknown method of a known one a 405 with Allow',
      read: 'resources-and-methods',
      hints: [
        'What does your router do when the path is known and the method is not?',
        'Give each path a last handler for all other methods, which knows what the others are. HEAD comes with GET.',
      ],
    },
    {
      id: 'media-types',
      sentence: 'a body of another media type, charset or coding is refused with 415, and case makes no difference',
      read: 'validation-at-the-edge',
      hints: [
        'Which bodies does your parser skip without a word, because their Content-Type is not its own?',
        'Look at the type before you read the body. Compare it without its parameters and in lower case, then look at the charset.',
      ],
    },
    {
      id: 'problem-details',
      sentence: 'every error is a problem document of its own type, and tells nothing of stacks, SQL or libraries',
      read: 'problem-documents',
      hints: [
        'How many places of your program answer with an error? And your framework, your parser, your router?',
        'Throw one class of your own everywhere, and turn it into a response in one place, the last one.',
        'The message of any other error is for the log. The client learns its kind, and nothing that you have not written for it.',
      ],
    },
    {
      id: 'json-bodies',
      sentence: 'JSON of every kind gets its answer, what is not JSON in UTF-8 is a 400, and nothing is a 5xx',
      read: 'validation-at-the-edge',
      hints: [
        'null, 42 and [] are JSON. Does your parser think so?',
        'Decode the bytes first, and let invalid UTF-8 be an error instead of replacement characters; then parse.',
        'Not JSON: 400. JSON, and not what you asked for: 422.',
      ],
    },
    {
      id: 'body-limit',
      sentence: 'a body over the limit gets a 413 before all of it has come, and its sender can read the answer',
      read: 'validation-at-the-edge',
      hints: [
        'A Content-Length tells you before the first byte. Without one, count as the bytes come.',
        'A socket that is closed with bytes unread is reset, and the reset overtakes your answer.',
        'Answer, go on reading for a moment and throw it away, and close then: a lingering close.',
      ],
    },
    {
      id: 'all-faults',
      sentence: 'all faults of a body are reported at once, each with a pointer to its place',
      read: 'validation-at-the-edge',
      hints: [
        'How often does somebody have to send a form with four faults?',
        'Validators stop at the first fault unless told otherwise. A fault of a missing field points at where it would be.',
      ],
    },
    {
      id: 'unknown-fields',
      sentence: 'a field that is unknown, or not for clients to set, is refused and changes nothing',
      read: 'validation-at-the-edge',
      hints: [
        'What would happen to a body with "id" or "createdAt" in it?',
        'Name what may be set; everything else is a fault. That includes names which are special in your language.',
        'In a JSON Pointer "~" is written ~0 and "/" ~1.',
      ],
    },
    {
      id: 'round-trip',
      sentence: 'text that looks like SQL, large numbers, dates and Unicode come back as they were sent',
      read: 'validation-at-the-edge',
      hints: [
        'Which type does your driver give a date, a timestamp and a 64-bit number?',
        'A date has no time zone and is no instant. Keep it as the text that it is.',
        'Values go to the database as parameters, never as a part of the statement.',
      ],
    },
    {
      id: 'impossible-values',
      sentence: 'NUL, lone surrogates, numbers beyond 2^53 and days that never were are refused with 422',
      read: 'validation-at-the-edge',
      hints: [
        'Which values does your schema accept and your database not?',
        'Text without U+0000 and without halves of surrogate pairs; whole numbers up to 2^53 − 1; the year 0 does not exist in PostgreSQL.',
      ],
    },
    {
      id: 'if-match',
      sentence: 'a write without If-Match is a 428, one with a stale or weak tag a 412, and neither changes anything',
      read: 'conditional-requests',
      hints: [
        'Two people open the same form. Whose change is lost?',
        'If-Match holds a list of tags, or *. It compares strongly: W/"1" matches nothing, not even W/"1".',
        'A comma inside of the quotes of a tag does not end it.',
      ],
    },
    {
      id: 'check-order',
      sentence: 'a request that is wrong in two ways gets the answer to what the brief looks at first',
      read: 'problem-documents',
      hints: [
        'A stale tag and too few places, in one request: what does the client need to know first?',
        'Write down the order of the brief, and go through each of your handlers with it, from the path to the conflict.',
        'What costs nothing to look at comes first; what needs the row comes last, the precondition before the conflict.',
      ],
    },
    {
      id: 'lost-update',
      sentence: 'of two writes at once that have read the same version, one wins and one gets a 412',
      read: 'conditional-requests',
      hints: [
        'What may happen between the statement that reads the version and the one that writes?',
        'Let the statement that writes compare the version too, or lock the row when you read it.',
      ],
    },
    {
      id: 'not-modified',
      sentence: 'a client that has the current representation gets a 304 without a body, by weak comparison',
      read: 'conditional-requests',
      hints: [
        'If-None-Match is read like If-Match and compared differently: W/"1" and "1" are the same here.',
        'A 304 carries the ETag that the 200 would have, and no body.',
      ],
    },
    {
      id: 'keyset-pages',
      sentence: 'a list read page by page skips and repeats no row, whatever comes or goes meanwhile',
      read: 'keyset-pagination',
      hints: [
        'What is on page 2 when a row of page 1 is deleted meanwhile?',
        'Remember the last row instead of a number of rows, and ask for those that come after it in the order of the list.',
        'Rows may be equal in what you sort by. Sort by the id as well, compare both, and ask for one row more than you show.',
      ],
    },
    {
      id: 'forged-cursor',
      sentence: 'a cursor that was not given out, or was for another list, is a 400',
      read: 'keyset-pagination',
      hints: [
        'Who else can write your cursors?',
        'Sign them: a MAC over the position and over the list that it belongs to.',
        'Compare texts, not what a decoder makes of them: base64 has several texts for the same bytes.',
      ],
    },
    {
      id: 'idempotency-key',
      sentence: 'a repeat with the same key gets the first answer, from any process, and another request with it a 422',
      read: 'idempotency-keys',
      hints: [
        'A client that hears nothing sends its request again. How do you know it?',
        'Keep the key with a hash of the request and the whole answer, in the database.',
        'A request that failed had no effect: its key is free.',
      ],
    },
    {
      id: 'stored-answer',
      sentence: 'a repeat gets the first answer even when what it created was changed since, or deleted',
      read: 'idempotency-keys',
      hints: [
        'What does a repeat tell of: what was done then, or what is there now?',
        'Keep the answer itself with the key, status, headers and body, and make nothing of it anew.',
        'A key outlives what it created: let no DELETE take it along.',
      ],
    },
    {
      id: 'same-key-at-once',
      sentence: 'two requests with the same key at once have one effect and the same answer',
      read: 'idempotency-keys',
      hints: [
        'Both look for the key, and neither finds it. What decides who is first?',
        'A unique key in the database decides. Insert it before the work, in the same transaction; the second insert waits.',
      ],
    },
    {
      id: 'lost-answer',
      sentence: 'a request whose answer was lost after its commit has no second effect when it is repeated',
      read: 'idempotency-keys',
      hints: [
        'Your process may end between any two statements. What has happened then, and what is known of it?',
        'Effect and key belong into one transaction: both or neither.',
        'A commit without an answer is neither a success nor a failure: say 503, and let the client repeat it.',
      ],
    },
    {
      id: 'party',
      sentence: 'characters join and leave quests, within the places of the quest and three quests each',
      read: 'resources-and-methods',
      hints: [
        'PUT says what is to be so. If it is so already, nothing is to be done, and that is no error.',
        'There are two limits, and a third way to break them: fewer places than members.',
      ],
    },
    {
      id: 'last-place',
      sentence: 'of two that take the last place at once, one gets it, whichever limit they meet',
      read: 'transactions-and-isolation',
      hints: [
        'Two transactions each count the members, and each inserts one. Which rows do they both write?',
        'At READ COMMITTED and REPEATABLE READ nothing stops them: they write different rows. That is write skew.',
        'SERIALIZABLE notices. Or lock, in a fixed order, a row that both have to pass: the quest, and the character.',
      ],
    },
    {
      id: 'retried-conflicts',
      sentence: 'a transaction that the database asks to repeat is repeated, and not for ever',
      read: 'transactions-and-isolation',
      hints: [
        'What do 40001 and 40P01 mean, and who is to do something about them?',
        'Roll back, wait a random moment, and run the whole transaction again, its reads included.',
        'Bound the attempts. After the last one it is a 503.',
      ],
    },
    {
      id: 'document',
      sentence: 'each operation and status of the OpenAPI document is met, and answers as it says',
      read: 'validation-at-the-edge',
      hints: [
        'Make document and validators of the same schemas, and they cannot say different things.',
        'The brief has a table of operations and statuses; every one stands in the document, and no other.',
      ],
    },
    {
      id: 'random-requests',
      sentence: 'two thousand random requests made of the document get documented answers and never a 5xx',
      read: 'validation-at-the-edge',
      hints: [
        'The failure shows the request. Which check did it pass, and where did it fail?',
        'Whatever reaches the database has been checked by you: paths, queries and headers as well as bodies.',
      ],
    },
    {
      id: 'unreadable-requests',
      sentence: 'what is not HTTP, lies about its length or floods with headers gets a 400 or 431 and no effect',
      read: 'problem-documents',
      hints: [
        'What cannot be parsed never reaches your routes. Who answers?',
        'Servers tell of such requests by an event or a hook of its own. Write the answer there, and end the connection.',
        'A body that ends early must not be parsed as if it were whole.',
      ],
    },
    {
      id: 'slow-clients',
      sentence: 'a request that comes too slowly gets a 408, while others are served and a slow one in time as well',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'A client sends one byte of a header each second. When do you give up?',
        'There are two limits: until the header section is whole, and until the request is. Neither starts anew with a byte.',
        'Some servers only look at their limits now and then: see how often.',
      ],
    },
    {
      id: 'database-gone',
      sentence: 'without its database the server answers 503 with Retry-After, and serves again as soon as it is back',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'A connection breaks while it waits in the pool. Who hears of it?',
        'Tell errors that the database answers from a database that does not answer. The second is a 503.',
        'A connection that has failed is thrown away, not put back.',
      ],
    },
    {
      id: 'database-stuck',
      sentence: 'a database that does not answer, or has no connection left, is a 503 within the time that it has',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'For what does a request wait, one after the other: a free connection, a new one, a statement?',
        'Give each of these waits a limit, on your side too: a server that is stuck does not keep limits.',
        'A connection on which you gave up may answer later. Do not give that answer to somebody else.',
      ],
    },
    {
      id: 'migrations',
      sentence: 'migrations go up and down, twice is no change, and two at once do not collide',
      read: 'migrations',
      hints: [
        'How does your program know which steps were taken already?',
        'Record each step in the transaction that takes it.',
        'Two processes start at the same moment. An advisory lock lets one of them wait.',
      ],
    },
    {
      id: 'graceful-stop',
      sentence: 'on SIGTERM new connections are refused, requests under way are answered, and the exit code is 0',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'Close the listening socket first. Which connections are left, and what are they doing?',
        'Those that wait for a next request can be ended. The others get their answer, with Connection: close.',
      ],
    },
    {
      id: 'stop-deadline',
      sentence: 'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if requests are left',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'How long does your stop take if one request never ends?',
        'Start a timer at the signal. When it fires, cut off every connection that is left, and exit with code 0.',
      ],
    },
    {
      id: 'bad-settings',
      sentence:
        'HOST is obeyed, and an invalid setting, a port in use or no database ends the start with one line that tells no password',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'Read all settings in one place, before anything starts.',
        'Say for a wrong one its name, what was expected and what came; but of DATABASE_URL not the value, as it holds a password.',
      ],
    },
  ],
};
