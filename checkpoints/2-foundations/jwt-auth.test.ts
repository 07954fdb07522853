import { afterAll, beforeAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { judgeLogIn, judgeNames, judgePasswordBounds, judgeRegister } from './jwt-auth/accounts.ts';
import { judgeAccessToken, judgeJwks, judgeRoles, judgeWhoAmI } from './jwt-auth/bearer.ts';
import { judgeClaims, judgeTokenType } from './jwt-auth/claims.ts';
import { judgeCrowd } from './jwt-auth/crowd.ts';
import { judgeAlgorithms, judgeKeySources } from './jwt-auth/forged.ts';
import { closeHall, unlockHall } from './jwt-auth/hall.ts';
import { judgeRotation, judgeUnknownKid } from './jwt-auth/keys.ts';
import { judgeAccountLimit, judgeAddressLimit, judgeLimitPasses } from './jwt-auth/limits.ts';
import { judgeOutage } from './jwt-auth/outage.ts';
import { judgeEqualTime, judgePasswordStorage, judgeRehash } from './jwt-auth/passwords.ts';
import { judgeProblems } from './jwt-auth/problems.ts';
import { judgeSecrets } from './jwt-auth/secrets.ts';
import { judgeLogOut, judgeRefresh, judgeReuse, judgeSameMoment, judgeSessionLifetime } from './jwt-auth/sessions.ts';
import { judgeBadSettings } from './jwt-auth/start.ts';
import { judgeStop } from './jwt-auth/stop.ts';
import { judgeTokenForm } from './jwt-auth/token-form.ts';

beforeAll(unlockHall);
afterAll(closeHall);

checkpoint(
  'register',
  'a registration makes an account with the profile of the brief, and takes nothing else from the body',
  judgeRegister,
);
checkpoint(
  'names',
  'two spellings of a user name are one account, also at the same moment, and what is no name is refused',
  judgeNames,
);
checkpoint(
  'password-bounds',
  'a password of 12 to 128 characters counts to its last character, whatever the characters are',
  judgePasswordBounds,
);
checkpoint(
  'password-storage',
  'passwords are stored as argon2id hashes of at least m=19456, t=2, p=1, each with a salt of its own',
  judgePasswordStorage,
);
checkpoint('rehash', 'a hash with weaker parameters is replaced at the next successful log-in', judgeRehash);
checkpoint(
  'log-in',
  'the right password gets tokens that nobody may store on the way, and every wrong one the same refusal',
  judgeLogIn,
);
checkpoint(
  'equal-time',
  'a log-in with an unknown user name takes as long as one with a wrong password',
  judgeEqualTime,
);
checkpoint(
  'access-token',
  'an access token carries the claims of the brief, and is signed by the first key of the file',
  judgeAccessToken,
);
checkpoint(
  'jwks',
  'the JWK Set shows the public part of every key, nothing of the private part, and may be cached',
  judgeJwks,
);
checkpoint('who-am-i', 'the token in the Authorization header says who one is, and nothing else does', judgeWhoAmI);
checkpoint('roles', 'a route for wardens answers 401 to nobody in particular and 403 to everybody else', judgeRoles);
checkpoint(
  'claims',
  'a token whose issuer, audience, times or subject are wrong, missing or of another type is refused',
  judgeClaims,
);
checkpoint(
  'token-type',
  'only a token of the type at+jwt is an access token, whatever else you have signed',
  judgeTokenType,
);
checkpoint(
  'algorithms',
  'a token is verified with the algorithm of its key, whatever algorithm it names itself',
  judgeAlgorithms,
);
checkpoint(
  'key-sources',
  'no token brings its own key, leads to one, or makes the server fetch or open anything',
  judgeKeySources,
);
checkpoint(
  'token-form',
  'a token has one spelling, its JSON no name twice, and no extension that is critical',
  judgeTokenForm,
);
checkpoint(
  'unknown-kid',
  'tokens with unknown keys are refused without the keys being read more often for it',
  judgeUnknownKid,
);
checkpoint(
  'refresh',
  'a refresh token is opaque, is exchanged for another one, and stands nowhere in the database',
  judgeRefresh,
);
checkpoint(
  'same-moment',
  'two refreshes with one token at the same moment both get the same successor',
  judgeSameMoment,
);
checkpoint(
  'log-out',
  'a log-out ends its session and no other, by any token of it, and no grace revives it',
  judgeLogOut,
);
checkpoint(
  'account-limit',
  'guesses at one account are limited, also all at once, and cannot lock the owner out',
  judgeAccountLimit,
);
checkpoint(
  'address-limit',
  'attempts from one address are limited over all accounts, by an address that the client cannot choose',
  judgeAddressLimit,
);
checkpoint(
  'crowd',
  'no more than 64 passwords are under way or waiting, and a refusal waits for none of them',
  judgeCrowd,
);
checkpoint(
  'problems',
  'every error is a problem document with the right status, and tells nothing of how the server is made',
  judgeProblems,
);
checkpoint(
  'limit-passes',
  'after LOGIN_WINDOW_MS there is room again, even if somebody never stopped trying',
  judgeLimitPasses,
  { concurrent: true },
);
checkpoint(
  'rotation',
  'a new key is known, then signs, and the old one verifies until it is taken out of the file',
  judgeRotation,
  { concurrent: true },
);
checkpoint(
  'reuse',
  'an old refresh token that comes back after the grace ends its session, the newest token included',
  judgeReuse,
  { concurrent: true },
);
checkpoint(
  'session-lifetime',
  'a session ends REFRESH_TTL_MS after its log-in, however often it was refreshed',
  judgeSessionLifetime,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'a setting or a key that cannot be trusted ends the start with one line that tells no secret',
  judgeBadSettings,
  { concurrent: true },
);
checkpoint('outage', 'without its database the server answers 503, and goes on when the database is back', judgeOutage);
checkpoint('stop', 'SIGTERM lets requests under way have their answers, and ends with exit code 0', judgeStop);
checkpoint(
  'secrets',
  'no password, token, hash or key stands in anything that the server writes or answers by mistake',
  judgeSecrets,
);
