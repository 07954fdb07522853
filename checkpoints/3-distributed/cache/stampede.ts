import { check } from '../../harness/failure.ts';
import { begun, expectStatus } from '../../harness/http-exchange.ts';
import { Crowd, type CrowdReply } from './crowd.ts';
import { expectTitle, forgetLoads, get, loadsOf, questPath, settle, watchFor } from './reading.ts';
import { type Process, sharedPair, sharedTavern } from './tavern.ts';

const CLIENTS = 1_000;
/** For those who come when the load is done; without Redis there is nothing that they could find. */
const LATE_LOADS = 4;
const NOBODY = 'redis://127.0.0.1:1';

export async function loadsOnceForAThousand(): Promise<void> {
  const tavern = await sharedTavern();
  {
    // A short wait, so that whoever waits for himself gives up while we look.
    await using process = await tavern.start({ CACHE_WAIT_MS: '200' });
    const loads = await stampede(process, 1_200);
    check(loads === 1, {
      sent: `GET of one quest by ${CLIENTS.toLocaleString('en')} clients at once, none of whom finds an entry`,
      expected: '1 load',
      received: 'more than one',
      usually: 'each request that finds no entry loads: those that come while a load is under way do not share it',
      details: [`${loads} loads`],
    });
  }
  await using process = await tavern.start({ REDIS_URL: NOBODY });
  const loads = await stampede(process, 300);
  check(loads <= 1 + LATE_LOADS, {
    sent: `the same without a Redis`,
    expected: `1 load, and ${LATE_LOADS} more at the most for clients that come after it`,
    received: 'more',
    usually: 'only Redis keeps the requests apart: without it each of them loads, when it is needed most',
    details: [`${loads} loads`],
  });
  await sharesAFailure();
}

/** @returns how many loads a thousand requests make, the first of which is held until the others have come. */
async function stampede(process: Process, watchMs: number): Promise<number> {
  const tavern = await sharedTavern();
  const id = await tavern.addQuest('The dragon');
  const warm = await tavern.addQuest('Warm');
  expectStatus(await get(process, questPath(warm)), 200, { usually: 'a quest is not read' });
  using crowd = await Crowd.connect(process.program, CLIENTS);
  forgetLoads(process);
  const gate = process.origin.holdLoads();
  const asking = crowd.ask(questPath(id));
  await gate.waitFor(1, 'a thousand requests', asking);
  for (let i = 0; i < 5; i += 1) await get(process, '/metrics');
  await watchFor(() => loadsOf(process) > 1 + LATE_LOADS, watchMs);
  process.origin.pass();
  expectQuests(await asking, 'The dragon');
  return loadsOf(process);
}

function expectQuests(replies: readonly CrowdReply[], title: string): void {
  const wrong = replies.find(({ status, body }) => status !== 200 || !body.includes(title));
  check(wrong === undefined, {
    sent: `GET of one quest by ${replies.length.toLocaleString('en')} clients at once`,
    expected: 'status 200 with the quest for all',
    received: wrong?.status === 200 ? 'another body for some' : `status ${wrong?.status} for some`,
    usually: 'those who wait for the load of another are given something else than its value',
    details: [wrong?.body.slice(0, 200) ?? ''],
  });
}

/** A failure is for those who wait, and for nobody after them. */
async function sharesAFailure(): Promise<void> {
  const tavern = await sharedTavern();
  await using process = await tavern.start();
  const id = await tavern.addQuest('Lost and found');
  const gate = process.origin.holdLoads(1);
  const reading = begun(Promise.all(Array.from({ length: 5 }, () => get(process, questPath(id)))));
  await gate.waitFor(1, 'five reads', reading);
  await settle(process, '/metrics');
  process.origin.vanish();
  for (const reply of await reading) {
    expectStatus(reply, 503, {
      usually: 'a load that fails leaves those who wait for it with something else than a 503',
    });
  }
  process.origin.pass();
  expectTitle(await get(process, questPath(id)), 'Lost and found', {
    sent: 'a load that failed, and the same read once more when the database is back',
    usually: 'the failed load is kept under its key: everybody who comes later gets its error, until a restart',
  });
}

export async function loadsOnceAcrossProcesses(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  await using c = await tavern.start();
  const processes = [a, b, c];
  const id = await tavern.addQuest('The hoard');
  using stack = new DisposableStack();
  const crowds: Crowd[] = [];
  for (const { program } of processes) crowds.push(stack.use(await Crowd.connect(program, 50)));
  forgetLoads(...processes);
  const gates = processes.map(({ origin }) => origin.holdLoads());
  const asking = begun(Promise.all(crowds.map((crowd) => crowd.ask(questPath(id)))));
  await watchFor(() => gates.some(({ held }) => held > 0), 8_000);
  await watchFor(() => loadsOf(...processes) > 1, 700);
  for (const { origin } of processes) origin.pass();
  expectQuests((await asking).flat(), 'The hoard');
  check(loadsOf(...processes) === 1, {
    sent: 'GET of one quest in three processes at once, none of which finds an entry',
    expected: '1 load',
    received: `${loadsOf(...processes)}`,
    usually: 'each process loads: with fifty of them a stampede is fifty loads, for each entry that expires',
  });
}

const WAIT_MS = 500;

export async function outlivesItsLoader(): Promise<void> {
  const tavern = await sharedTavern();
  await using loader = await tavern.start({ CACHE_WAIT_MS: String(WAIT_MS) });
  await using waiter = await tavern.start({ CACHE_WAIT_MS: String(WAIT_MS) });
  const id = await tavern.addQuest('The lost expedition');
  const gate = loader.origin.holdLoads();
  const lost = get(loader, questPath(id)).catch(() => undefined);
  await gate.waitFor(1, `GET ${questPath(id)}`, lost);
  loader.program.kill('SIGKILL');
  await loader.program.exited;
  const replies = await Promise.allSettled(
    Array.from({ length: 10 }, () => get(waiter, questPath(id), { withinMs: 8_000 })),
  );
  await lost;
  for (const reply of replies) {
    check(reply.status === 'fulfilled', {
      sent: `GET ${questPath(id)} with CACHE_WAIT_MS=${WAIT_MS} and LEASE_MS=60000, after the process that was loading it was killed`,
      expected: 'an answer when CACHE_WAIT_MS have passed',
      received: 'none within 8 s',
      usually:
        'a reader waits for the entry, or for the lease, of a process that is no more: bound the wait by your own clock',
    });
    expectTitle(reply.value, 'The lost expedition', {
      usually: 'whoever has waited in vain gives up instead of loading',
    });
  }
  check(loadsOf(waiter) === 1, {
    sent: `GET ${questPath(id)} ten times, after the process that was loading it was killed`,
    expected: '1 load',
    received: `${loadsOf(waiter)}`,
    usually: 'everybody who has waited in vain loads by himself: once a process is enough',
  });
}
