import { check } from '../../harness/failure.ts';
import { expectStatus, type Reply, statusOf } from '../../harness/http-exchange.ts';

/** Fails unless the reply says that the database is not to be had, and when to ask again. */
export function expectUnavailable(reply: Reply, usually: string): void {
  expectStatus(reply, 503, { usually });
  check(/^[1-9]\d{0,4}$/.test(reply.headers['retry-after'] ?? ''), {
    sent: reply.sent,
    expected: 'Retry-After with a number of seconds',
    received: reply.headers['retry-after'] === undefined ? 'no Retry-After' : 'another form',
    usually: 'a 503 without it leaves clients to guess, and they guess "at once" (RFC 9110 §10.2.3)',
  });
  check(statusOf(reply).includes('unavailable'), {
    sent: reply.sent,
    expected: 'a problem of type unavailable',
    received: statusOf(reply),
    usually: 'the 503 is not one of your own',
    details: reply.details,
  });
}
