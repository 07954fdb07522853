import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { exchange, expectStatus, jsonOf, type Reply, type Sending, statusOf } from '../../harness/http-exchange.ts';
import type { Process } from './tavern.ts';

/** Where a value is from, as Cache-Status tells it. */
export type Source = 'hit' | 'stale' | 'miss' | 'collapsed' | 'bypass';

const SOURCES: Readonly<Record<string, Source>> = {
  'tavern;hit': 'hit',
  'tavern;hit;detail=stale': 'stale',
  'tavern;fwd=miss': 'miss',
  'tavern;fwd=miss;collapsed': 'collapsed',
  'tavern;fwd=bypass': 'bypass',
};

export const questPath = (id: number): string => `/quests/${id}`;

export function get({ program }: Process, path: string, sending: Sending = {}): Promise<Reply> {
  return exchange(program, 'GET', path, sending);
}

export function putQuest(
  { program }: Process,
  id: number,
  fields: Readonly<Record<string, unknown>>,
  sending: Sending = {},
): Promise<Reply> {
  return exchange(program, 'PUT', questPath(id), { json: { reward: 10, ...fields }, ...sending });
}

export function claim({ program }: Process, id: number, adventurer: string, sending: Sending = {}): Promise<Reply> {
  return exchange(program, 'POST', `${questPath(id)}/claims`, { json: { adventurer }, ...sending });
}

export function remove({ program }: Process, id: number): Promise<Reply> {
  return exchange(program, 'DELETE', questPath(id));
}

/** @throws CheckpointFailure when the header is missing or says something else than the brief has. */
export function sourceOf(reply: Reply): Source {
  const text = reply.headers['cache-status'];
  const source = SOURCES[(text ?? '').replaceAll(' ', '')];
  if (source !== undefined) return source;
  throw new CheckpointFailure({
    sent: reply.sent,
    expected: 'a Cache-Status of the brief, such as "tavern; hit"',
    received: text === undefined ? 'no such header' : `"${text}"`,
    usually: 'the header is set for some ways through the program only, or in words of its own',
    details: reply.details,
  });
}

export function expectSource(reply: Reply, wanted: Source | readonly Source[], usually: string): void {
  const allowed = typeof wanted === 'string' ? [wanted] : wanted;
  const source = sourceOf(reply);
  check(allowed.includes(source), {
    sent: reply.sent,
    expected: `an answer that is a ${allowed.join(' or a ')}`,
    received: `a ${source}`,
    usually,
    details: reply.details,
  });
}

/** Fails unless the answer is the quest with this title. */
export function expectTitle(
  reply: Reply,
  title: string,
  text: { readonly usually: string; readonly sent?: string },
): void {
  const sent = text.sent ?? reply.sent;
  check(reply.status === 200, {
    sent,
    expected: `status 200 with the quest "${title}"`,
    received: statusOf(reply),
    usually: text.usually,
    details: reply.details,
  });
  const found = jsonOf(reply).title;
  check(found === title, {
    sent,
    expected: `the quest with the title "${title}"`,
    received: `the title ${JSON.stringify(found)}`,
    usually: text.usually,
    details: reply.details,
  });
}

/** The items of the board or of a page of the leaderboard. */
export function itemsOf(reply: Reply): readonly Record<string, unknown>[] {
  expectStatus(reply, 200, { usually: 'the operation fails, or is not there' });
  const { items } = jsonOf(reply);
  return Array.isArray(items) ? (items as Record<string, unknown>[]) : [];
}

/** Whether the board shows the quest, and under which title. */
export function boardTitle(reply: Reply, id: number): unknown {
  return itemsOf(reply).find((item) => item.id === id)?.title;
}

/** How many loads the processes have made since their proxies were last looked at. */
export function loadsOf(...processes: readonly Process[]): number {
  return processes.reduce((sum, { origin }) => sum + origin.loads.length, 0);
}

export function forgetLoads(...processes: readonly Process[]): void {
  for (const { origin } of processes) origin.loads.length = 0;
}

/**
 * Whatever was sent to the process before this has been read by it when this resolves: several requests are answered
 * since, one after the other, each by way of Redis.
 */
export async function settle(process: Process, path: string): Promise<void> {
  for (let i = 0; i < 5; i += 1) await get(process, path);
}

/** Asks again until the answer is as wanted. */
export async function getUntil(
  process: Process,
  path: string,
  accept: (reply: Reply) => boolean,
  text: { readonly expected: string; readonly usually: string; readonly sent?: string; readonly withinMs?: number },
): Promise<Reply> {
  return pollUntil(() => get(process, path), accept, {
    withinMs: text.withinMs ?? 8_000,
    everyMs: 20,
    otherwise: (last) =>
      new CheckpointFailure({
        sent: text.sent ?? `GET ${path}, again and again`,
        expected: text.expected,
        received: `${statusOf(last)}, Cache-Status ${JSON.stringify(last.headers['cache-status'] ?? 'none')}`,
        usually: text.usually,
        details: [...last.details, ...process.program.logTail()],
      }),
  });
}

/** For as long as the machine takes to show a second one, where one alone is right. Ends early when it has come. */
export async function watchFor(hasCome: () => boolean, forMs: number): Promise<void> {
  const end = performance.now() + forMs;
  while (!hasCome() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The answer, or, when there is none, a failure in these words: what the wait was for is known here. */
export async function answerOrSay(
  work: Promise<Reply>,
  text: { readonly sent: string; readonly usually: string; readonly expected?: string },
): Promise<Reply> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CheckpointFailure)) throw error;
    const { kind: _, ...report } = error.report;
    throw new CheckpointFailure({ ...report, expected: 'an answer', ...text });
  }
}
