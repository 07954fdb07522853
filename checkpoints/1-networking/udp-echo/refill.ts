import { setTimeout as delay } from 'node:timers/promises';
import { check } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { Bystander } from './bystander.ts';
import { expectEcho, type TokenLimit, takeThose, withLimit } from './server-run.ts';
import { together } from './together.ts';

/** On a busy machine a trial may prove nothing, because somebody was held up. Then there is another. */
const MAX_TRIALS = 8;
const ASK_EVERY_MS = 2;

export async function refillsBuckets(): Promise<void> {
  await together([
    withLimit({ burst: 40, perSecond: 10 }, (server, limit) => repeat(() => returnsTokens(server, limit))),
    withLimit({ burst: 2, perSecond: 200 }, (server, limit) => repeat(() => keepsToTheBurst(server, limit))),
  ]);
}

/** @param trial throws when the server is wrong; resolves to whether a wrong one would have been noticed. */
async function repeat(trial: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < MAX_TRIALS; i += 1) if (await trial()) return;
}

/**
 * One source has used its bucket up and asks every few milliseconds until it gets a token. Another one, with tokens
 * left, shows that the server runs all the while: in a pause, tokens come back even where they are rounded down.
 */
async function returnsTokens(server: Program, { burst, perSecond }: TokenLimit): Promise<boolean> {
  const tokenMs = 1000 / perSecond;
  await using asking = await openUdp(server);
  await using pulse = await openUdp(server);
  const usually =
    'tokens come back in whole numbers, rounded down at each datagram, or only in a pause: a source that asks often never gets one';
  const sent = `a datagram every ${ASK_EVERY_MS} ms from a source that has used its bucket up (RATE_LIMIT_PER_SECOND=${perSecond})`;
  for (let i = 0; i < burst; i += 1) await asking.send(`bucket ${i}`);
  await expectEcho(server, pulse, 'pulse', { sent: 'the first datagram of another source', usually });
  await takeThose(asking, 'bucket');

  const startMs = performance.now();
  let lastPulseMs = startMs;
  let longestPauseMs = 0;
  for (let asked = 0; ; asked += 1) {
    await asking.send(`ask ${asked}`);
    // Every fifth time, so that its bucket lasts longer than the trial.
    if (asked % 5 === 0) {
      await expectEcho(server, pulse, `pulse ${asked}`, {
        sent: 'datagrams of another source, with tokens left',
        usually,
      });
      const nowMs = performance.now();
      longestPauseMs = Math.max(longestPauseMs, nowMs - lastPulseMs);
      lastPulseMs = nowMs;
    }
    const late = performance.now() - startMs > 1.5 * tokenMs && asked % 5 === 0;
    if (late) await delay(0); // an echo that came before that of the pulse has been read then
    if ((await takeThose(asking, 'ask')) > 0) return longestPauseMs < tokenMs / 2;
    check(!late, {
      sent,
      expected: `an echo within the ${tokenMs} ms that a token takes`,
      received: `none within ${Math.round(performance.now() - startMs)} ms`,
      usually,
    });
    await delay(ASK_EVERY_MS);
  }
}

/** Lets time for 20 tokens pass, and then sends 20 datagrams at once. */
async function keepsToTheBurst(server: Program, limit: TokenLimit): Promise<boolean> {
  const flood = 20;
  await using idle = await openUdp(server);
  const usually = 'the tokens that come back are added without looking at RATE_LIMIT_BURST';
  await expectEcho(server, idle, 'hello', { sent: 'the first datagram of a source', usually });
  await using bystander = await Bystander.open(server, limit);
  await bystander.wait((flood / limit.perSecond) * 1000);
  const startMs = performance.now();
  for (let i = 0; i < flood; i += 1) await idle.send(`at once ${i}`);
  await bystander.wait(0);
  const echoed = await takeThose(idle, 'at once');
  const allowed = limit.burst + Math.ceil(((performance.now() - startMs) / 1000) * limit.perSecond);
  check(echoed <= allowed, {
    sent: `nothing for as long as ${flood} tokens take, then ${flood} datagrams at once (RATE_LIMIT_BURST=${limit.burst})`,
    expected: `no more than the ${limit.burst} tokens of a full bucket, and those that come back meanwhile`,
    received: `${echoed} datagrams back`,
    usually,
  });
  return allowed < flood;
}
