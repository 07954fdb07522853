import { begun, expectStatus } from '../../harness/http-exchange.ts';
import { expectTitle, get, putQuest, questPath, watchFor } from './reading.ts';
import { RedisWire } from './redis-wire.ts';
import { type Process, sharedPair, type Tavern } from './tavern.ts';

/** More than a fill has, in whatever way it is made. */
const MAX_STEPS = 6;
/** How long it may take a process to send its next command after an answer. */
const NEXT_COMMAND_MS = 300;

/**
 * A write between any two commands with which a slow reader keeps its value: there is no gap between comparing and
 * setting if they are one command, or a transaction.
 */
export async function refusesAWriteBetweenTheSteps(): Promise<void> {
  const { tavern, b } = await sharedPair();
  await using wire = await RedisWire.open(tavern.redisUrl);
  await using a = await tavern.start({ REDIS_URL: wire.urlFor(tavern.redisUrl) });
  for (let step = 1; step <= MAX_STEPS; step += 1) if (!(await raceAt(step, wire, tavern, a, b))) return;
}

/** @returns whether the fill had such a step. */
async function raceAt(step: number, wire: RedisWire, tavern: Tavern, a: Process, b: Process): Promise<boolean> {
  const path = questPath(await tavern.addQuest('Old'));
  const id = Number(path.split('/').at(-1));
  const gate = a.origin.holdLoads(1);
  const slow = begun(get(a, path));
  await gate.waitFor(1, `GET ${path}`, slow);
  wire.holdCommands();
  gate.open();
  const comes = async (): Promise<boolean> => {
    await watchFor(() => wire.heldCommands > 0, NEXT_COMMAND_MS);
    return wire.heldCommands > 0;
  };
  let reached = await comes();
  for (let passed = 1; passed < step && reached; passed += 1) {
    wire.passCommand();
    reached = await comes();
  }
  if (reached) expectStatus(await putQuest(b, id, { title: 'New' }), 200, { usually: 'a write waits for a reader' });
  wire.passCommands();
  await slow;
  if (!reached) return false;
  for (const process of [a, b]) {
    expectTitle(await get(process, path), 'New', {
      sent: `GET ${path}, whose load is slow; a PUT before command ${step} of those that keep the value; GET once more`,
      usually: 'the lease is compared in one command and the value kept in the next: the write came in between',
    });
  }
  return true;
}
