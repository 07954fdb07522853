import { check } from '../../harness/failure.ts';
import { expectProblem, expectStatus } from './answers.ts';
import { openHall, STRICT_ACCOUNT_LIMIT } from './hall.ts';
import { type Answer, call } from './http-client.ts';

/** So many passwords may be under way or waiting. */
const ROOM = 64;
const CROWD = 2 * ROOM;
/** Of those that wait, so many may be done before an answer that waits for none of them. */
const DONE_BEFORE = ROOM / 2;
/** Not only a busy machine needs it: without a bound, everybody waits for everybody. */
const ANSWERS_WITHIN_MS = 40_000;

export async function judgeCrowd(): Promise<void> {
  const { server } = await openHall('strict');
  // Nobody shares a count with anybody else.
  const guess = (username: string, n: number) =>
    call(server, '/sessions', {
      body: { username, password: 'not the password' },
      address: `198.18.0.${n}, 192.0.2.1`,
      withinMs: ANSWERS_WITHIN_MS,
    });
  for (let i = 0; i < STRICT_ACCOUNT_LIMIT; i += 1) {
    const step = { sent: 'POST /sessions with an unknown user name', usually: 'the route is missing' };
    expectStatus(await guess('spent', 200 + i), 401, step);
  }
  const sent = `${CROWD} log-ins at the same moment, each as another user and from another address`;
  const { promise: full, resolve: isFull } = Promise.withResolvers<void>();
  let done = 0;
  const come = async (i: number): Promise<Answer> => {
    const answer = await guess(`crowd.${i}`, i);
    if (answer.status === 503) isFull();
    else done += 1;
    return answer;
  };
  const crowd = Promise.all(Array.from({ length: CROWD }, (_, i) => come(i)));
  await Promise.race([full, crowd]);
  const limited = await guess('spent', 210);
  const doneBefore = done;
  const answers = await crowd;

  const refused = answers.filter(({ status }) => status === 503);
  check(refused.length > 0, {
    sent,
    expected: `status 503 for those that find ${ROOM} passwords under way or waiting`,
    received: 'no 503',
    usually: 'nothing bounds the queue for the hash function, so a crowd makes everybody wait, in the end for ever',
  });
  for (const answer of answers) {
    const usually = 'the bound is met by an error of the server, or by another status than the brief has';
    expectStatus(answer, [401, 503], { sent, usually });
    if (answer.status !== 503) continue;
    expectProblem(answer, { sent, usually });
    const hasHeader = /^\d+$/.test(answer.headers['retry-after'] ?? '');
    check(hasHeader, { sent, expected: 'Retry-After with each 503', received: 'none, or another form', usually });
  }
  check(answers.length - refused.length >= ROOM, {
    sent,
    expected: `status 401 for at least ${ROOM} of them`,
    received: 'fewer of them',
    usually: `the bound is lower than ${ROOM}, or counts requests that wait for no password`,
    details: [`status 401: ${answers.length - refused.length}, status 503: ${refused.length}`],
  });
  const late = {
    sent: `${sent}; meanwhile one to an account that has reached its limit`,
    expected: 'status 429 at once: no password has to be looked at for it',
    usually:
      'the password is verified first and the limit asked afterwards, so guesses that cannot win still cost a hash',
  };
  const stoodInLine = limited.status === 503 || (limited.status === 429 && doneBefore > DONE_BEFORE);
  check(!stoodInLine, { ...late, received: 'an answer that has stood in line with the passwords of the others' });
  expectStatus(limited, 429, late);
}
