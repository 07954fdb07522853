import { check } from '../../harness/failure.ts';
import { begun, expectStatus, type Reply, statusOf } from '../../harness/http-exchange.ts';
import { refusesAWriteBetweenTheSteps } from './fill-steps.ts';
import {
  boardTitle,
  claim,
  expectSource,
  expectTitle,
  forgetLoads,
  get,
  loadsOf,
  putQuest,
  questPath,
  remove,
  settle,
} from './reading.ts';
import { expectRefusedWrite } from './reads.ts';
import { type Process, sharedPair } from './tavern.ts';

const REWARD = 999_999;

/** A write between the reading and the filling of a slow reader. */
interface Race {
  readonly what: string;
  /** Makes what the slow reader reads. */
  prepare(id: number): Promise<void>;
  write(writer: Process, id: number): Promise<Reply>;
  /** What a read says afterwards: a title, or undefined for 404. */
  readonly after: string | undefined;
}

export async function refusesStaleFills(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const add = async (id: number): Promise<void> => void (await tavern.addQuest('Old', { id, reward: REWARD }));
  const put = (writer: Process, id: number): Promise<Reply> => putQuest(writer, id, { title: 'New', reward: REWARD });
  const races: readonly Race[] = [
    { what: 'a PUT', prepare: add, write: put, after: 'New' },
    { what: 'a PUT that creates', prepare: async () => {}, write: put, after: 'New' },
    { what: 'a DELETE', prepare: add, write: remove, after: undefined },
  ];
  for (const writer of [b, a]) {
    for (const race of races) await runRace(race, tavern.newId(), a, b, writer);
  }
  await refusesAFillUnderAForeignLease(await tavern.addQuest('Old'), a, b);
  await refusesAStaleBoard(await tavern.addQuest('Old', { reward: REWARD }), a, b);
  await refusesAWriteBetweenTheSteps();
}

async function runRace(race: Race, id: number, a: Process, b: Process, writer: Process): Promise<void> {
  const path = questPath(id);
  await race.prepare(id);
  const gate = a.origin.holdLoads(1);
  const slow = get(a, path);
  await gate.waitFor(1, `GET ${path}`, slow);
  const written = await race.write(writer, id);
  check(written.status < 300, {
    sent: written.sent,
    expected: 'success',
    received: statusOf(written),
    usually: 'a write waits for a reader, or fails',
    details: written.details,
  });
  gate.open();
  await slow;
  for (const process of [a, b]) {
    const reply = await get(process, path);
    const text = {
      sent: `GET ${path}, whose load is slow; ${race.what} meanwhile; and when both are answered, GET once more`,
      usually:
        'the slow reader keeps what it has read, over the invalidation: nothing ties its fill to the moment of its load',
    };
    if (race.after !== undefined) expectTitle(reply, race.after, text);
    else {
      check(reply.status === 404, {
        ...text,
        expected: 'status 404 for a quest that was deleted',
        received: statusOf(reply),
      });
    }
  }
}

/** After the write somebody else loads: the lease that is there now is not the slow reader's. */
async function refusesAFillUnderAForeignLease(id: number, a: Process, b: Process): Promise<void> {
  const path = questPath(id);
  const oldLoad = a.origin.holdLoads(1);
  const slow = get(a, path);
  await oldLoad.waitFor(1, `GET ${path}`, slow);
  expectStatus(await putQuest(b, id, { title: 'New' }), 200, { usually: 'a write waits for a reader, or fails' });
  const newLoad = b.origin.holdLoads(1);
  const next = get(b, path);
  await newLoad.waitFor(1, `GET ${path} in another process, after a write`, next);
  oldLoad.open();
  // Whatever the slow reader does with its value, it has done it when it, or somebody after it, has an answer.
  await Promise.race([slow, settle(a, '/board').then(() => settle(a, '/board'))]);
  const late = get(a, path);
  await settle(a, '/board');
  newLoad.open();
  const text = {
    sent: `GET ${path}, whose load is slow; a PUT; a load by another process; then the slow reader goes on, and somebody reads`,
    usually: 'the lease is only looked for, and not compared: the slow reader fills under the lease of somebody else',
  };
  for (const reply of [await late, await next]) expectTitle(reply, 'New', text);
  await slow;
  for (const process of [a, b]) expectTitle(await get(process, path), 'New', text);
}

async function refusesAStaleBoard(id: number, a: Process, b: Process): Promise<void> {
  await putQuest(b, id, { title: 'Old', reward: REWARD });
  const gate = a.origin.holdLoads(1);
  const slow = get(a, '/board');
  await gate.waitFor(1, 'GET /board', slow);
  expectStatus(await putQuest(b, id, { title: 'New', reward: REWARD }), 200, { usually: 'a write fails' });
  gate.open();
  await slow;
  for (const process of [a, b]) {
    const title = boardTitle(await get(process, '/board'), id);
    check(title === 'New', {
      sent: 'GET /board, whose load is slow; a PUT meanwhile; and when both are answered, GET /board once more',
      expected: 'the title "New" on the board',
      received: title === undefined ? 'a board without the quest' : `the title ${JSON.stringify(title)}`,
      usually: 'the slow reader keeps the board that it has read, over the invalidation',
    });
  }
  await remove(b, id);
}

export async function sharesNoLoadFromBefore(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  for (const [writer, where, usually] of [
    [
      a,
      'the same process',
      'the promise of a load under way is shared with a request that came after the write: forget it with the invalidation',
    ],
    [
      b,
      'another process',
      'a load that has lost its lease to a write elsewhere is given to everybody who waits, also to those who came after the write',
    ],
  ] as const) {
    const id = await tavern.addQuest('Old');
    const path = questPath(id);
    const gate = a.origin.holdLoads(1);
    const slow = get(a, path);
    await gate.waitFor(1, `GET ${path}`, slow);
    expectStatus(await putQuest(writer, id, { title: 'New' }), 200, { usually: 'a write fails' });
    const late = begun(Promise.all(Array.from({ length: 3 }, () => get(a, path))));
    await settle(a, '/board');
    gate.open();
    for (const reply of await late) {
      expectTitle(reply, 'New', {
        sent: `GET ${path}, whose load is slow; a PUT in ${where}, answered; then GET ${path} while the load still runs`,
        usually,
      });
    }
    await slow;
  }
}

export async function invalidatesAfterTheCommit(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const writes = [
    {
      what: 'PUT',
      write: (id: number) => putQuest(a, id, { title: 'New' }),
      isNew: (reply: Reply) => reply.text.includes('"New"'),
    },
    { what: 'DELETE', write: (id: number) => remove(a, id), isNew: (reply: Reply) => reply.status === 404 },
    {
      what: 'claim',
      write: (id: number) => claim(a, id, 'Ilse'),
      isNew: (reply: Reply) => reply.text.includes('"Ilse"'),
    },
  ];
  for (const { what, write, isNew } of writes) {
    const id = await tavern.addQuest('Old');
    const path = questPath(id);
    for (const process of [a, b]) await get(process, path);
    const gate = a.origin.holdCommits();
    const writing = write(id);
    await gate.waitFor(1, `a ${what}`, writing);
    expectTitle(await get(b, path), 'Old', { usually: 'a reader waits for a writer' });
    gate.open();
    const written = await writing;
    check(written.status < 300, {
      sent: written.sent,
      expected: 'success',
      received: statusOf(written),
      usually: 'the write fails when its commit takes long',
      details: written.details,
    });
    for (const process of [b, a]) {
      const reply = await get(process, path);
      check(isNew(reply), {
        sent: `a ${what} of ${path} whose commit is slow, a GET meanwhile, and when both are answered, GET once more`,
        expected: 'what was written',
        received: 'what was there before',
        usually: 'the entry is removed before the commit: the reader in between has loaded the old row, and it stays',
        details: reply.details,
      });
    }
  }
}

export async function keepsEntriesOfRefusedWrites(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const id = await tavern.addQuest('Taken', { reward: 999_998 });
  const missing = tavern.newId();
  expectStatus(await claim(a, id, 'Ada'), 201, { usually: 'a claim fails' });
  const paths = [questPath(id), questPath(missing), '/board', '/leaderboard'];
  for (const path of paths) await get(b, path);
  forgetLoads(a, b);
  await tavern.sql.query("ALTER TABLE quests ADD CONSTRAINT no_doom CHECK (title <> 'Doom') NOT VALID");
  try {
    const usually = 'what cannot be done is not refused as the brief says';
    expectStatus(await claim(a, id, 'Bo'), 409, { usually });
    expectStatus(await remove(a, missing), 404, { usually });
    expectStatus(await claim(a, missing, 'Bo'), 404, { usually });
    expectStatus(await putQuest(a, id, { title: '' }), 422, { usually });
    await expectRefusedWrite(a, questPath(id), { title: 'Doom', reward: 1 });
  } finally {
    await tavern.sql.query('ALTER TABLE quests DROP CONSTRAINT no_doom');
  }
  for (const path of paths) {
    const reply = await get(b, path);
    const source = reply.headers['cache-status'];
    check(source?.replaceAll(' ', '') === 'tavern;hit', {
      sent: `writes that are refused (404, 409, 422) or rolled back; then GET ${path.replace(/\d+/, '<id>')}`,
      expected: 'a hit, as before',
      received: `Cache-Status: ${source ?? '(none)'}`,
      usually: 'entries are removed before it is known whether anything changes: refused writes empty the cache',
    });
  }
}

export async function invalidatesWhatMayHaveHappened(): Promise<void> {
  const { tavern, a, b } = await sharedPair();
  const usually = 'the error of the commit ends the request before the invalidation: but the commit has happened';
  const id = await tavern.addQuest('Old');
  for (const process of [a, b]) await get(process, questPath(id));
  a.origin.cutNextCommit();
  const lost = await putQuest(a, id, { title: 'New' });
  expectStatus(lost, 503, {
    usually: 'a commit whose answer was lost is neither a success nor a mistake of the client',
  });
  for (const process of [a, b]) {
    const sent = `PUT ${questPath(id)}, whose commit happens and whose connection breaks; then GET`;
    expectTitle(await get(process, questPath(id)), 'New', { sent, usually });
  }
  const prize = await tavern.addQuest('The prize', { reward: 7_000 });
  for (const process of [a, b]) await get(process, '/leaderboard');
  a.origin.cutNextCommit();
  expectStatus(await claim(a, prize, 'Lost Lou'), 503, { usually: 'a commit whose answer was lost is not a 503' });
  const standing = await get(b, '/leaderboard/Lost%20Lou');
  check(standing.status === 200, {
    sent: 'a claim by Lost Lou, whose commit happens and whose connection breaks; then GET /leaderboard/Lost%20Lou',
    expected: 'the score that was committed',
    received: statusOf(standing),
    usually,
    details: standing.details,
  });
  check(loadsOf(a, b) > 0, { expected: 'loads', received: 'none', usually: 'nothing is read from the database' });
  expectSource(await get(b, questPath(id)), 'hit', 'what is loaded after a lost commit is not kept');
}
