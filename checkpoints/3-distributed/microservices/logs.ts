import { randomUUID } from 'node:crypto';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exchange, expectStatus } from './exchange.ts';
import { fundedGuild, postQuest, register, settled } from './tales.ts';
import { SERVICES, sharedTown, type Town } from './town.ts';

/** The acceptance has ended by then: its lines have been written, and only have to get here. */
const LOGGED_WITHIN_MS = 5_000;

export async function givesRequestIds(): Promise<void> {
  const town = await sharedTown();
  const someone = await town.resident();
  const idOf = async (path: string, headers: Record<string, string> = {}, token?: string): Promise<string> => {
    const reply = await exchange(town.gateway, 'GET', path, { headers, ...(token === undefined ? {} : { token }) });
    const id = reply.headers['x-request-id'];
    check(id !== undefined && id !== '', {
      sent: reply.sent,
      expected: 'an answer with X-Request-Id',
      received: 'none',
      usually: 'errors, or the answers of services, take another way out than the one that adds the header',
    });
    return id;
  };
  const made = [
    await idOf('/accounts/me', {}, someone.token),
    await idOf('/accounts/me'),
    await idOf('/nothing-there'),
    await idOf('/offers/00000000-0000-4000-8000-000000000000', {}, someone.token),
  ];
  check(new Set(made).size === made.length, {
    sent: 'four requests without an id',
    expected: 'four ids',
    received: 'some that are the same',
    usually: 'an id that is made once, for a connection or a process, finds everything at once',
  });
  const mine = `mine.${randomUUID()}`;
  check((await idOf('/accounts/me', { 'X-Request-Id': mine }, someone.token)) === mine, {
    sent: `X-Request-Id: mine.{uuid}`,
    expected: 'the same id with the answer',
    received: 'another one',
    usually: 'a client that names its request is not heard, and cannot find it in your logs',
  });
  for (const bad of ['a b', 'x'.repeat(65), '{"level":60}', '"', 'naïve']) {
    const id = await idOf('/accounts/me', { 'X-Request-Id': Buffer.from(bad).toString('latin1') }, someone.token);
    check(/^[A-Za-z0-9._-]{1,64}$/.test(id), {
      sent: `X-Request-Id: ${bad.slice(0, 20)}`,
      expected: 'an id that the gateway has made instead',
      received: 'the one that came',
      usually: 'whatever a client sends goes into your logs as it is, however long',
    });
  }
}

/** The lines of the logs that carry an id, as objects. */
function linesWith(town: Town, id: string): Record<string, unknown>[] {
  return town.program.stderr
    .split('\n')
    .filter((line) => line.includes(id))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
}

export async function logsTogether(): Promise<void> {
  const town = await sharedTown();
  for (const name of SERVICES) town.serviceOf(name); // or there is nobody to be found together
  const someone = await register(town.gateway);
  const guild = await fundedGuild(town.gateway, someone, 50);
  const quest = await postQuest(town.gateway, someone, { guild, reward: 10 });
  const requestId = `log.${randomUUID()}`;
  const id = randomUUID();
  const reply = await exchange(town.gateway, 'PUT', `/acceptances/${id}`, {
    json: { questId: quest.id },
    token: someone.token,
    headers: { 'X-Request-Id': requestId },
  });
  expectStatus(reply, 202, { usually: 'an acceptance is not taken' });
  await settled(town.gateway, someone, id);
  const wanted = ['gateway', ...SERVICES];
  const missing = () =>
    wanted.filter(
      (name) => !linesWith(town, requestId).some((line) => line.service === name && line.requestId === requestId),
    );
  await pollUntil(missing, (names) => names.length === 0, {
    withinMs: LOGGED_WITHIN_MS,
    otherwise: (names) =>
      new CheckpointFailure({
        sent: 'PUT /acceptances/{id} with an X-Request-Id, until it was accepted',
        expected:
          'a line of JSON on standard error with this requestId from each service: gateway, accounts, quests, rewards',
        received: names.length === wanted.length ? 'none from any of them' : `none from ${names.join(', ')}`,
        usually: 'the id ends where HTTP ends: it has to travel with the events as well',
        details: town.program.logTail(),
      }),
  });
}
