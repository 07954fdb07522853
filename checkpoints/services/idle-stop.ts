/**
 * What the watchdog asks when its sleep is over: `idle-stop.ts <services folder> <idle limit in ms>`. Stops the clone's
 * servers when nobody has used them for so long and fails; otherwise prints for how many seconds to sleep on.
 */
import { existsSync } from 'node:fs';
import { closeUnused } from './clean-up.ts';
import { forgetProcess } from './detached-process.ts';
import { idleMs, watchdogRecord } from './idle.ts';
import { SERVICES } from './kits.ts';
import { lockService, stopOwn } from './own-instance.ts';
import { placeIn } from './place.ts';

/** Never a busy loop, whatever the clock says. */
const SHORTEST_SLEEP_S = 0.5;

const [folder = '', limit = ''] = process.argv.slice(2);
const limitMs = Number(limit);
const place = placeIn(folder);

/** Sleep on. */
function sleepFor(ms: number): never {
  process.stdout.write(String(Math.max(SHORTEST_SLEEP_S, ms / 1_000)));
  process.exit(0);
}

if (!existsSync(folder)) process.exit(1);
if (idleMs(place) < limitMs) sleepFor(limitMs - idleMs(place));
for (const service of SERVICES) {
  using _ = await lockService(place, service);
  // Somebody came while we waited for the lock.
  if (idleMs(place) < limitMs) sleepFor(limitMs - idleMs(place));
  await stopOwn(place, service);
}
if (!(await closeUnused(place))) sleepFor(limitMs);
forgetProcess(watchdogRecord(place));
process.exit(1);
