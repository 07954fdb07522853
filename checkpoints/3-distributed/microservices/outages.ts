import { CheckpointFailure, check } from '../../harness/failure.ts';
import { jsonOf, type Reply, statusOf } from '../../harness/http-exchange.ts';
import { REACHES } from './edge.ts';
import { exchange, expectStatus, mediaTypeOf } from './exchange.ts';
import { fundedGuild, persist, postQuest } from './tales.ts';
import { BRISK_TIMEOUT_MS, briskTown, type ServiceName, sharedTown, signal } from './town.ts';

/** The brief says: the time of the gateway and one second. The rest is for a busy machine. */
const SLACK_MS = 6_000;
const REQUESTS_WHILE_DOWN = 40;

function expectUnavailable(reply: Reply, sent: string): void {
  const usually = 'what the gateway’s HTTP client throws becomes a 500 or 502, with another body for each way of dying';
  expectStatus(reply, 503, { sent, usually });
  check(statusOf(reply) === 'status 503 (unavailable)' && mediaTypeOf(reply) === 'application/problem+json', {
    sent,
    expected: 'a problem document of type unavailable',
    received: `${statusOf(reply)}, ${reply.headers['content-type']}`,
    usually: 'clients have to understand one answer, whoever of yours is down',
    details: reply.details,
  });
  check(/^[1-9]\d{0,4}$/.test(reply.headers['retry-after'] ?? ''), {
    sent,
    expected: 'Retry-After with a number of seconds',
    received: reply.headers['retry-after'] === undefined ? 'no Retry-After' : 'another form',
    usually: 'without it clients guess, and they guess "at once" (RFC 9110 §10.2.3)',
  });
}

export async function givesOneAnswerWhenDown(): Promise<void> {
  const town = await sharedTown();
  const { token } = await town.resident();
  for (const [name, path] of REACHES) {
    const whole = await exchange(town.gateway, 'GET', path, { token });
    const old = town.kill(name);
    const sent = `SIGKILL to ${name}; then GET requests that need it`;
    for (let i = 0; i < REQUESTS_WHILE_DOWN; i += 1) {
      const reply = await exchange(town.gateway, 'GET', path, { token });
      if (reply.status === whole.status) continue;
      expectUnavailable(reply, sent);
    }
    await town.restarted(old);
    const back = await persist(town.gateway, 'GET', path, { token });
    expectStatus(back, whole.status, {
      sent: `${sent}, after its restart`,
      usually: 'the gateway does not find it again',
    });
  }
}

/** On a busy machine a healthy service may miss a short deadline once. */
async function oneOfThree(ask: () => Promise<Reply>): Promise<Reply> {
  for (let left = 2; left > 0; left -= 1) {
    const reply = await ask();
    if (reply.status !== 503) return reply;
  }
  return ask();
}

/** What a request that got no answer at all tells of the gateway. */
function tooLate(error: unknown, sent: string): never {
  if (!(error instanceof CheckpointFailure)) throw error;
  throw new CheckpointFailure({
    sent,
    expected: 'the 503 at the latest UPSTREAM_TIMEOUT_MS and a second after the request',
    received: 'nothing by then',
    usually:
      'only the connection has a time limit. The kernel accepts connections for a process that is frozen: bound the answer',
    details: error.report.details ?? [],
  });
}

/** All of them have been frozen once, and have answered once while others were. */
const FROZEN_TOGETHER: readonly (readonly ServiceName[])[] = [['accounts', 'quests'], ['rewards']];

export async function boundsSlowServices(): Promise<void> {
  const town = await briskTown();
  const { token } = await town.resident();
  for (const names of FROZEN_TOGETHER) {
    const frozen = REACHES.filter(([name]) => names.includes(name));
    const others = REACHES.filter(([name]) => !names.includes(name));
    const shown = names.join(' and ');
    const whole = new Map<ServiceName, number>();
    for (const [name, path] of frozen) {
      whole.set(name, (await persist(town.gateway, 'GET', path, { token })).status);
    }
    const pids = names.map((name) => town.serviceOf(name).pid);
    for (const pid of pids) signal(pid, 'SIGSTOP');
    try {
      const slow = frozen.map(([name, path]) => {
        const sent = `GET ${path.replace(/[0-9a-f-]{36}/, '{id}')} while ${name} is frozen, with UPSTREAM_TIMEOUT_MS=${BRISK_TIMEOUT_MS}`;
        const reply = exchange(town.gateway, 'GET', path, { token, withinMs: BRISK_TIMEOUT_MS + SLACK_MS });
        reply.catch(() => {});
        return { sent, reply };
      });
      for (const [other, path] of others) {
        const reply = await oneOfThree(() => exchange(town.gateway, 'GET', path, { token }));
        check(reply.status < 500, {
          sent: `GET of ${other} while ${shown} ${names.length === 1 ? 'is' : 'are'} frozen`,
          expected: 'the answer of a service that has nothing to do with it',
          received: statusOf(reply),
          usually: 'slow requests take up what all share: connections, or a lock',
          details: reply.details,
        });
      }
      for (const { sent, reply } of slow) {
        expectUnavailable(await reply.catch((error: unknown) => tooLate(error, sent)), sent);
      }
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT');
    }
    for (const [name, path] of frozen) {
      expectStatus(await persist(town.gateway, 'GET', path, { token }), whole.get(name) ?? 0, {
        sent: `GET of ${name} after it woke up`,
        usually: 'connections on which the gateway gave up are used again',
      });
    }
  }
}

export async function answersInPart(): Promise<void> {
  const town = await briskTown();
  const someone = await town.resident();
  const { token } = someone;
  const guild = await fundedGuild(town.gateway, someone, 100);
  const quest = await postQuest(town.gateway, someone, { guild, reward: 60 });
  const path = `/offers/${quest.id}`;
  const expectPayable = (reply: Reply, payable: boolean | null, sent: string, usually: string): void => {
    expectStatus(reply, 200, { sent, usually });
    const given = jsonOf(reply);
    check(given.payable === payable && given.reward === 60 && given.questId === quest.id, {
      sent,
      expected: `the quest with payable ${payable}`,
      received: `payable ${String(given.payable)}, reward ${String(given.reward)}`,
      usually,
      details: reply.details,
    });
  };
  expectPayable(
    await persist(town.gateway, 'GET', path, { token }),
    true,
    'GET /offers/{questId}',
    'gold and reward are not compared',
  );
  const frozen = town.serviceOf('rewards');
  signal(frozen.pid, 'SIGSTOP');
  try {
    const reply = await oneOfThree(() => exchange(town.gateway, 'GET', path, { token }));
    expectPayable(
      reply,
      null,
      'GET /offers/{questId} while rewards is frozen',
      'one part that is missing takes the whole answer with it, or is made up',
    );
  } finally {
    signal(frozen.pid, 'SIGCONT');
  }
  const back = await persist(town.gateway, 'GET', path, { token });
  expectPayable(back, true, 'GET /offers/{questId} after rewards woke up', 'what was not known is remembered');
  const quests = town.serviceOf('quests');
  signal(quests.pid, 'SIGSTOP');
  try {
    const reply = await exchange(town.gateway, 'GET', path, { token });
    expectUnavailable(reply, 'GET /offers/{questId} while quests is frozen');
  } finally {
    signal(quests.pid, 'SIGCONT');
  }
}
