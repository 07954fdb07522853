import type { BuiltLab } from '../../course-schema.ts';

export const jwtAuth: BuiltLab = {
  status: 'built',
  slug: 'jwt-auth',
  title: 'JWT authentication',
  competency: 'Authentication that refuses forged, stale and stolen tokens',
  teaches: [
    'store passwords with Argon2id and keep log-in time the same for unknown users',
    'verify tokens as RFC 8725 asks, and know what each check is there for',
    'rotate keys while everybody is signed in with the old one',
    'rotate refresh tokens, catch a stolen one, and spare two honest tabs',
    'limit guessing without letting anybody lock the owner out',
    'keep secrets out of logs and errors',
  ],
  kinds: ['program'],
  services: ['postgresql'],
  entry: { typescript: 'server.ts' },
  packages: ['express', 'pg', 'jose', '@node-rs/argon2', 'pino', 'fastify'],
  diagrams: ['log-in-and-refresh', 'refresh-token-family'],
  checkpoints: [
    {
      id: 'register',
      sentence: 'a registration makes an account with the profile of the brief, and takes nothing else from the body',
      read: 'passwords',
      hints: [
        'What happens today to a member of the body that you did not ask for, and what if a column of that name is added?',
        'Take exactly username and password, check that both are texts, and refuse the body otherwise.',
        'Half of a surrogate pair is a string to JavaScript, and no text: isWellFormed() tells.',
      ],
    },
    {
      id: 'names',
      sentence: 'two spellings of a user name are one account, also at the same moment, and what is no name is refused',
      read: 'passwords',
      hints: [
        'Which function turns a name as it is typed into the name as it is stored? There is one, and every route calls it.',
        'NFKC, then lower case, then NFKC again; only then count and match, with an anchored pattern.',
        'Let the unique constraint decide who was first, and turn its error into a 409.',
      ],
    },
    {
      id: 'password-bounds',
      sentence: 'a password of 12 to 128 characters counts to its last character, whatever the characters are',
      read: 'passwords',
      hints: [
        'How long is 🐉 in your language: one, two or four?',
        'Count the code points of the NFC form, and hash exactly that form. Trim nothing.',
        'If two passwords that differ only at their end are equal, look for a limit of the hash function, or for a NUL.',
      ],
    },
    {
      id: 'password-storage',
      sentence: 'passwords are stored as argon2id hashes of at least m=19456, t=2, p=1, each with a salt of its own',
      read: 'passwords',
      hints: [
        'Which algorithm and which parameters does the string begin with that you store?',
        'Use a maintained Argon2 library, and keep the PHC string that it gives: salt and parameters are in it.',
      ],
    },
    {
      id: 'rehash',
      sentence: 'a hash with weaker parameters is replaced at the next successful log-in',
      read: 'passwords',
      hints: [
        'Parameters are raised every few years. When do you get to know the password of an old account?',
        'Verify with the parameters of the stored string; if they are below the settings, hash again and store.',
      ],
    },
    {
      id: 'log-in',
      sentence: 'the right password gets tokens that nobody may store on the way, and every wrong one the same refusal',
      read: 'passwords',
      hints: [
        'Compare your answers to a wrong password and to an unknown user name byte by byte.',
        'One place makes the refusal, and it does not know which of the two it was.',
      ],
    },
    {
      id: 'equal-time',
      sentence: 'a log-in with an unknown user name takes as long as one with a wrong password',
      read: 'passwords',
      hints: [
        'What does your server do between finding no account and answering? And what when it finds one?',
        'Verify the password in any case: without an account against a hash that you made at the start.',
        'That hash needs the same parameters as the real ones.',
      ],
      passesInStarter:
        'the starter hashes so cheaply that nobody can tell; this checkpoint begins to bite when you hash as you should',
    },
    {
      id: 'access-token',
      sentence: 'an access token carries the claims of the brief, and is signed by the first key of the file',
      read: 'access-tokens',
      hints: [
        'Decode one of your tokens and hold it against the two tables, member by member.',
        'Times are seconds since 1970, as numbers. jti is new for every token, and roles is a list.',
        'The role is read from the account when the token is made, also at a refresh.',
      ],
    },
    {
      id: 'jwks',
      sentence: 'the JWK Set shows the public part of every key, nothing of the private part, and may be cached',
      read: 'keys-and-rotation',
      hints: [
        'Which members does a private RSA key have beside d?',
        'Do not take the private members out: choose the public ones and copy them.',
      ],
    },
    {
      id: 'who-am-i',
      sentence: 'the token in the Authorization header says who one is, and nothing else does',
      read: 'access-tokens',
      hints: [
        'A 401 without WWW-Authenticate is no 401. Which of the two forms belongs to which situation?',
        'Somebody without a token gets the bare challenge; somebody with a bad one is told error="invalid_token".',
        'sub comes from a token that you have signed, and may still be no UUID, or nobody any more.',
      ],
    },
    {
      id: 'roles',
      sentence: 'a route for wardens answers 401 to nobody in particular and 403 to everybody else',
      read: 'access-tokens',
      hints: [
        '401: I do not know who you are. 403: I do, and you may not. In which order do you ask?',
        'What does "wardens".includes("warden") give?',
      ],
    },
    {
      id: 'claims',
      sentence: 'a token whose issuer, audience, times or subject are wrong, missing or of another type is refused',
      read: 'access-tokens',
      hints: [
        'Which of these does your library check by itself, and which only if you give it something to compare with?',
        'A claim that is not there is not checked by most libraries. Say which ones have to be there.',
        'What is 1e999 after JSON.parse? And who checks that iat is not tomorrow?',
      ],
    },
    {
      id: 'token-type',
      sentence: 'only a token of the type at+jwt is an access token, whatever else you have signed',
      read: 'access-tokens',
      hints: [
        'If another part of the house signs ID tokens with the same key, what tells them apart?',
        'Compare typ as a media type: without case, with or without "application/" before it, and as a whole.',
      ],
    },
    {
      id: 'algorithms',
      sentence: 'a token is verified with the algorithm of its key, whatever algorithm it names itself',
      read: 'access-tokens',
      hints: [
        'Who decides how a token is verified: the one who made it, or the one who checks it?',
        'Find the key by kid, compare the alg of the header with the alg of the key, and only then verify.',
        'Not every library refuses a signature in another form than RFC 7518 gives it; 64 bytes for ES256.',
      ],
    },
    {
      id: 'key-sources',
      sentence: 'no token brings its own key, leads to one, or makes the server fetch or open anything',
      read: 'keys-and-rotation',
      hints: [
        'Which members of a header can hold a key, or a place where one is to be had?',
        'There is one source of keys: the file. A kid is looked up in a map of what was read from it.',
        'A dictionary that inherits knows "constructor" too.',
      ],
    },
    {
      id: 'token-form',
      sentence: 'a token has one spelling, its JSON no name twice, and no extension that is critical',
      read: 'access-tokens',
      hints: [
        'Does your decoder complain about "=", "+" or a last character with bits that mean nothing? Most do not.',
        'Decode and encode again: if it is not the same text, refuse it.',
        'Your JSON parser takes the last of two equal names and says nothing. Count names in the text, or use a hook.',
      ],
    },
    {
      id: 'unknown-kid',
      sentence: 'tokens with unknown keys are refused without the keys being read more often for it',
      read: 'keys-and-rotation',
      hints: [
        'Somebody sends a thousand tokens with random kids. What does each of them cost you?',
        'Let the age of what you have read decide when you read again, and nothing that comes from outside.',
      ],
    },
    {
      id: 'refresh',
      sentence: 'a refresh token is opaque, is exchanged for another one, and stands nowhere in the database',
      read: 'refresh-tokens',
      hints: [
        'What could somebody do with a copy of your table of refresh tokens?',
        'Make 32 random bytes, give them out in base64url, and store their SHA-256. No salt and no Argon2: nobody guesses 256 bits.',
        'Every exchange makes a new token, and the old one remembers that it has been used.',
      ],
    },
    {
      id: 'same-moment',
      sentence: 'two refreshes with one token at the same moment both get the same successor',
      read: 'refresh-tokens',
      hints: [
        'Two tabs wake up. Both read that the token is unused. What does each of them do next?',
        'Lock the row of the session before you read the token, in one transaction, so that the second one sees what the first did.',
        'To give out the same successor again without storing it: encrypt it under the old token, or compute it with a secret.',
      ],
      passesInStarter: 'the starter gives the same token for ever; this checkpoint begins to bite when you rotate it',
    },
    {
      id: 'log-out',
      sentence: 'a log-out ends its session and no other, by any token of it, and no grace revives it',
      read: 'refresh-tokens',
      hints: [
        'Which rows does a log-out have to touch so that every token of the family is refused?',
        'End the session, not the token; and look at the session first whenever a token comes.',
      ],
    },
    {
      id: 'account-limit',
      sentence: 'guesses at one account are limited, also all at once, and cannot lock the owner out',
      read: 'limits-and-logs',
      hints: [
        'When do you count an attempt: when it begins or when it has failed? What do a hundred at once see?',
        'Count at the beginning, take it back on success, and clear nothing else.',
        'An address that has logged in to the account before has a count of its own, apart from that of all strangers.',
      ],
    },
    {
      id: 'address-limit',
      sentence: 'attempts from one address are limited over all accounts, by an address that the client cannot choose',
      read: 'limits-and-logs',
      hints: [
        'Who tries one password on a thousand accounts fails once at each. Which count sees that?',
        'Every proxy adds an entry at the right of X-Forwarded-For. Which entries did your own proxies write?',
      ],
    },
    {
      id: 'crowd',
      sentence: 'no more than 64 passwords are under way or waiting, and a refusal waits for none of them',
      read: 'limits-and-logs',
      hints: [
        'A thousand log-ins arrive in one second, and each needs 30 ms of a core. When does the last one get its answer?',
        'Count what you hand to the hash function, and refuse with 503 and Retry-After from the 65th on.',
        'Ask the limits before the password: an answer of 429 needs no hash, and takes no place in the line.',
      ],
    },
    {
      id: 'problems',
      sentence: 'every error is a problem document with the right status, and tells nothing of how the server is made',
      read: 'problem-documents',
      hints: [
        'Which errors does your framework answer by itself? Send broken JSON, another content type, a large body.',
        'One handler at the end turns all of them into problem documents, with words of your own.',
        'A path that exists, with a method that does not, is a 405 with Allow.',
      ],
    },
    {
      id: 'limit-passes',
      sentence: 'after LOGIN_WINDOW_MS there is room again, even if somebody never stopped trying',
      read: 'limits-and-logs',
      hints: [
        'Does an attempt that is refused with 429 count? If so, when does the wait end for somebody who keeps on?',
        'Keep the moments of the attempts that were let through, and drop those that are older than the window.',
      ],
    },
    {
      id: 'rotation',
      sentence: 'a new key is known, then signs, and the old one verifies until it is taken out of the file',
      read: 'keys-and-rotation',
      hints: [
        'Which key verifies a token: the newest, or the one that its kid names?',
        'Read the file again when KEYS_RELOAD_MS have passed, replace the whole map, and sign with the first key of it.',
        'A file that cannot be used is logged, and the keys stay as they were.',
      ],
    },
    {
      id: 'reuse',
      sentence: 'an old refresh token that comes back after the grace ends its session, the newest token included',
      read: 'refresh-tokens',
      hints: [
        'A thief has used the stolen token first. Whose token is the old one now, and what do you know?',
        'End the session of the token, and nobody else’s. The answer is the same as for any bad token.',
        'If you throw in the middle of the transaction to answer 401, what happens to what you wrote in it?',
      ],
    },
    {
      id: 'session-lifetime',
      sentence: 'a session ends REFRESH_TTL_MS after its log-in, however often it was refreshed',
      read: 'refresh-tokens',
      hints: [
        'Which moment does the life of a rotated token count from?',
        'The moment belongs to the session and is written once, at the log-in.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'a setting or a key that cannot be trusted ends the start with one line that tells no secret',
      read: 'keys-and-rotation',
      hints: [
        'A server that starts with half its protection is worse than one that does not start. Check before you listen.',
        'For each key: its alg is one of the three, its kind fits the alg, its kid is its own, and the first can sign.',
        'The error of a database driver may hold the URL, and the URL holds a password. Write a line of your own.',
      ],
    },
    {
      id: 'outage',
      sentence: 'without its database the server answers 503, and goes on when the database is back',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'Which error does your driver raise when the connection breaks: while it is idle, and while a query is under way?',
        'An error event that nobody listens to ends a Node process. A pool has one, and so has each client that you took from it.',
        'Tell the database’s absence from your own mistakes by the code of the error, and answer it with 503 and Retry-After.',
      ],
    },
    {
      id: 'stop',
      sentence: 'SIGTERM lets requests under way have their answers, and ends with exit code 0',
      read: 'pools-timeouts-and-recovery',
      hints: [
        'What happens to somebody whose log-in waits for the database in the moment in which a new version is rolled out?',
        'Stop listening, end connections that wait for a next request, let the others finish, and only then close the pool.',
      ],
    },
    {
      id: 'secrets',
      sentence: 'no password, token, hash or key stands in anything that the server writes or answers by mistake',
      read: 'limits-and-logs',
      hints: [
        'Send a body that is no JSON, with a password in it, and read your log at the level debug.',
        'Log a list of facts that may be told, instead of an object from which something is taken out.',
        'A URL has a query string, and a field for the user name gets passwords. Both are secrets.',
      ],
    },
  ],
};
