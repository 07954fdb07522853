import type { BuiltLab } from '../../course-schema.ts';

export const cache: BuiltLab = {
  status: 'built',
  slug: 'cache',
  title: 'Cache',
  competency: 'Caching that protects the origin and never serves an older value over a newer one',
  teaches: [
    'stop a stampede with single flight, leases and early refresh',
    'close the stale-fill race with a lease or a version',
    'invalidate after the commit, and never forget an invalidation that failed',
    'keep answering when Redis is slow, stuck, full or gone',
    'keep a leaderboard in a sorted set that can be lost',
  ],
  kinds: ['program', 'module'],
  services: ['redis', 'postgresql'],
  entry: { typescript: 'server.ts' },
  packages: ['express', 'pg', 'pino', 'redis'],
  diagrams: ['stale-fill', 'cache-entry-life'],
  checkpoints: [
    {
      id: 'read-through',
      sentence: 'a quest and the board are loaded once and then come from Redis, and Cache-Status says which',
      read: 'cache-aside',
      hints: [
        'Look in Redis, load what is not there, keep it, answer. Which of the four has happened?',
        'Entries are for all processes: kept in the memory of one, they are missed by the next.',
      ],
    },
    {
      id: 'writes-show',
      sentence:
        'a write shows in every read that begins after its answer, of the quest and of the board, in every process',
      read: 'cache-aside',
      hints: [
        'Of which entries is a quest a part?',
        'Remove the entries instead of writing to them: two writers that finish in another order than they began would leave the older value.',
        'A claim changes the quest, the board and the leaderboard.',
      ],
    },
    {
      id: 'ttl-jitter',
      sentence: 'every key expires, and entries that are made together do not expire together',
      read: 'expiry-and-early-refresh',
      hints: [
        'A thousand entries are made in the first second after a deployment. When do they expire?',
        'Draw the lifetime of each one anew. Leases and the sorted set need an end as well.',
      ],
    },
    {
      id: 'lifetimes',
      sentence: 'an entry is fresh, stale and gone at the exact times, and jitter only shortens its freshness',
      read: 'expiry-and-early-refresh',
      hints: [
        'Write the policy as functions of the time and of a random number; ROLE=policy then only reads, asks and prints.',
        'At freshUntil it is stale already, and at staleUntil it is gone.',
      ],
    },
    {
      id: 'early-chance',
      sentence: 'the chance of an early refresh with t left is e^(−t/(βδ)): 36.8 % at t = βδ',
      read: 'expiry-and-early-refresh',
      hints: [
        'Vattani and others (2015): refresh when now − δ·β·ln(random) has reached the end of the freshness.',
        'The logarithm of a number below 1 is negative: the term moves the clock forward.',
        'P(−βδ·ln(random) ≥ t) = P(random ≤ e^(−t/(βδ))).',
      ],
    },
    {
      id: 'early-refresh',
      sentence: 'an early refresh happens behind the answer, once at a time, and brings the new value in',
      read: 'expiry-and-early-refresh',
      hints: [
        'The reader whose draw says "refresh" has a fresh value in its hands. Why should it wait?',
        'Of many readers whose draw says so one loads; the others find the lease taken and go on.',
      ],
    },
    {
      id: 'expired',
      sentence: 'an entry past its freshness is loaded anew, and one reader alone pays for that',
      read: 'expiry-and-early-refresh',
      hints: [
        'What do the other readers get while one of them loads? There is a value, only older than you would like.',
        'Keep the entry in Redis for its freshness and CACHE_STALE_MS, with both times in it.',
      ],
    },
    {
      id: 'negative',
      sentence: 'a quest that does not exist is remembered for a time of its own, and forgotten when it is created',
      read: 'negative-caching',
      hints: [
        'Somebody asks a thousand times for a quest that there never was. How often does the database hear of it?',
        'Keep "there is none" as an entry, with CACHE_NEGATIVE_TTL_MS. Creating is a write, too.',
      ],
    },
    {
      id: 'single-flight',
      sentence: 'a thousand concurrent misses in one process make one load, with Redis and without',
      read: 'stampedes',
      hints: [
        'The second request for the same quest finds no entry, as the load of the first is still under way. What could it wait for?',
        'Keep the promise of each load under its key, and take it away when it settles, also when it fails.',
      ],
    },
    {
      id: 'across-processes',
      sentence: 'misses in three processes at once make one load, and the others wait for its entry',
      read: 'stampedes',
      hints: [
        'Processes share no memory, but they share Redis.',
        'SET with NX and PX gives the lease to one of them. The others look for the entry now and then.',
      ],
    },
    {
      id: 'loader-dies',
      sentence: 'when the process that loads dies, the others wait no longer than CACHE_WAIT_MS',
      read: 'stampedes',
      hints: [
        'Who gives back the lease of a process that was killed?',
        'Wait until CACHE_WAIT_MS have passed, then take the lease over and load.',
      ],
    },
    {
      id: 'stale-fill',
      sentence: 'a reader that loaded before a write cannot put the old value back after it',
      read: 'the-stale-fill',
      hints: [
        'A reader has read the row and pauses; a writer commits and invalidates; the reader goes on. What is in Redis now?',
        'Give a lease to whoever loads. An invalidation takes it away, and without it nothing is kept.',
        'Compare and set in one step: a Lua script, or WATCH and MULTI. Between two commands there is room for the whole race.',
      ],
    },
    {
      id: 'late-joiner',
      sentence: 'a read that begins after a write was answered does not share a load from before it',
      read: 'the-stale-fill',
      hints: [
        'A load is under way, a write is answered, and somebody reads. Which promise do they get?',
        'In the process that wrote: forget the flight. In another one: a load that has lost its lease is not good enough.',
        'Load again when the lease turns out to be lost, a bounded number of times.',
      ],
      passesInStarter: 'it shares no loads at all, so nobody is given one from before a write',
    },
    {
      id: 'after-commit',
      sentence: 'an invalidation comes after the commit, so that nobody fills the old value in between',
      read: 'the-stale-fill',
      hints: [
        'What does a reader load between your invalidation and your commit?',
        'First the whole transaction, then the invalidation, then the answer.',
      ],
    },
    {
      id: 'rolled-back',
      sentence: 'a write that is refused or rolled back leaves every entry where it is',
      read: 'the-stale-fill',
      hints: [
        'Somebody claims a quest that is taken, a thousand times a second. What does that do to your cache?',
        'Nothing has changed, so nothing is to be invalidated.',
      ],
    },
    {
      id: 'lost-commit',
      sentence: 'a commit whose answer was lost is a 503, and what it may have changed is invalidated',
      read: 'the-stale-fill',
      hints: [
        'The connection breaks after COMMIT. Has it happened?',
        'An error that is no answer of the database leaves both possible. Invalidating too much costs one load.',
      ],
    },
    {
      id: 'redis-stuck',
      sentence: 'with Redis stuck or slow every request is answered in time, and the cache works again afterwards',
      read: 'when-the-cache-is-gone',
      hints: [
        'A server that is frozen accepts connections, and never answers. Which of your waits has no end?',
        'Bound each answer by CACHE_TIMEOUT_MS. A reader who has waited once in vain need not be followed by a thousand others.',
        'Ask in the background whether it answers again, on a connection that may have to be a new one.',
      ],
    },
    {
      id: 'redis-gone',
      sentence: 'with Redis gone at the start or killed later the service answers, and uses it as soon as it is back',
      read: 'when-the-cache-is-gone',
      hints: [
        'What does your client library do with commands while it has no connection? And with an error that nobody listens for?',
        'Refuse at once instead of queueing. Connect again in the background, for as long as it takes.',
      ],
    },
    {
      id: 'redis-full',
      sentence: 'with Redis full every answer is right, and nothing old stays in it',
      read: 'when-the-cache-is-gone',
      hints: [
        'A full Redis answers, with an error, whoever wants to write. It still reads and removes.',
        'What becomes of a sorted set that could not take the new score? Removing it needs no memory.',
      ],
    },
    {
      id: 'missed-invalidation',
      sentence:
        'an invalidation that Redis missed is made up for as soon as it answers, before anything is read from it',
      read: 'when-the-cache-is-gone',
      hints: [
        'The write is committed, and the old entry sits in a Redis that does not answer. Who removes it?',
        'Remember the keys, in a bounded list, and remove them first when Redis answers again; read from it only then.',
      ],
    },
    {
      id: 'database-gone',
      sentence: 'without the database a stale entry is served, a missing or invalidated one is a 503, and both recover',
      read: 'when-the-cache-is-gone',
      hints: [
        'The load fails, and the reader has an entry that is a little old. Which answer is better?',
        'Old by time may be served, old by a write never. Remove what was invalidated instead of marking it.',
      ],
    },
    {
      id: 'foreign-values',
      sentence: 'whatever else stands under an entry’s key is a miss, and the next load replaces it',
      read: 'what-a-cache-stores',
      hints: [
        'Which texts does your decoder take, which does it refuse, and how?',
        'null, 42 and [] are JSON. A list is no text at all, and GET answers it with an error.',
      ],
    },
    {
      id: 'format-version',
      sentence: 'builds of two formats share a Redis: neither reads the other’s entries, and both invalidate them',
      read: 'what-a-cache-stores',
      hints: [
        'During a deployment the old and the new build run side by side. What does each make of the entries of the other?',
        'Write the number of the form into the entry. In the key it would hide entries from the invalidations of the other build.',
      ],
    },
    {
      id: 'too-large',
      sentence: 'an entry over CACHE_MAX_ENTRY_BYTES is served and not kept, by its bytes and not its characters',
      read: 'what-a-cache-stores',
      hints: [
        'Redis has one thread. What do the others do while it takes 50 MB?',
        'Count the bytes of what you would send. Give the lease back, as others would wait for it.',
      ],
    },
    {
      id: 'metrics',
      sentence: 'each read is counted once, as hit, miss, stale or error, and so is each load',
      read: 'what-a-cache-stores',
      hints: [
        'A hit rate is a quotient. What happens to it when a read is counted twice, or never?',
        'All series are there from the start, with 0.',
      ],
    },
    {
      id: 'leaderboard-order',
      sentence: 'the leaderboard is ordered by score and then name, with shared ranks, on every page',
      read: 'leaderboards',
      hints: [
        'How does a sorted set order members of the same score? And ZREVRANGE?',
        'Keep the scores negated, and rising order is what you want: highest first, and names by their bytes.',
        'The rank of a row is one more than the number of those with a higher score: ZCOUNT. The first row of a page may share it with the page before.',
      ],
    },
    {
      id: 'leaderboard-claims',
      sentence:
        'a claim moves its adventurer in the set, without reading all of them again, whatever order claims come in',
      read: 'leaderboards',
      hints: [
        'Removing the set at each claim is right, and makes the database read everybody each time.',
        'Write the score that the database has returned, not an increment: a repeat must not count twice.',
        'Of two claims at once the later may reach Redis first. Scores only grow: ZADD with GT, or LT if they are negated.',
      ],
    },
    {
      id: 'leaderboard-lost',
      sentence: 'a leaderboard that Redis lost is rebuilt whole, even if a claim comes before the first read',
      read: 'leaderboards',
      hints: [
        'ZADD makes the set that it does not find. Who is in it then?',
        'Write to a set that is there, and let only a rebuild make one.',
        'A board without adventurers is a set without members, which Redis does not keep: it would be rebuilt at each read.',
      ],
    },
    {
      id: 'leaderboard-race',
      sentence: 'a rebuild that read before a claim does not bring the old score back',
      read: 'leaderboards',
      hints: [
        'It is the stale fill again, with a set in the place of a text.',
        'A claim takes the lease of the rebuild away, too.',
      ],
    },
    {
      id: 'problems',
      sentence: 'every error is a problem document with the status of the brief, and a refused write changes nothing',
      read: 'cache-aside',
      hints: [
        'Which errors are answered by your framework, in a form of its own?',
        'Look at the table of the brief from the top. A path that is known with another method is a 405 with Allow.',
      ],
    },
    {
      id: 'graceful-stop',
      sentence: 'on SIGTERM requests under way are answered and the exit code is 0, at the latest after the deadline',
      read: 'when-the-cache-is-gone',
      hints: [
        'Close the listening socket first. What keeps the process alive after the last answer?',
        'Start a timer at the signal, and exit with code 0 when it fires.',
      ],
    },
    {
      id: 'bad-settings',
      sentence:
        'HOST is obeyed, and an invalid setting or a port in use ends the start with one line that tells no password',
      read: 'cache-aside',
      hints: [
        'Read all settings in one place, before anything starts.',
        'Of a URL say the name only: it holds a password.',
      ],
    },
  ],
};
