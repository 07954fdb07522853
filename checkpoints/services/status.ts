import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';
import { type Look, paint } from '../cli/look.ts';
import { shakeHands } from './handshake.ts';
import { idleLimitMs, idleMs } from './idle.ts';
import { VARIABLES } from './kits.ts';
import { ownIsUp, ownSeemsUp } from './own-instance.ts';
import type { Place } from './place.ts';
import { runningServer } from './server-process.ts';

/** A line or two about one service: what labs would use now. Starts nothing and changes nothing. */
export async function statusOf(place: Place, name: Service, look: Look): Promise<string> {
  const title = name.padEnd(10);
  const given = place.env[VARIABLES[name]];
  if (given) {
    const hands = await shakeHands(name, given);
    const state = hands.ok ? paint(look, 'green', `version ${hands.version}`) : paint(look, 'red', hands.reason);
    return `${title}  ${VARIABLES[name]} is set, and comes first: ${state}`;
  }
  const record = ownSeemsUp(place, name);
  if (!record) {
    const half = ownIsUp(place, name) ? 'is being started, or a start was cut short' : 'is not running';
    return `${title}  ${paint(look, 'quiet', half)}`;
  }
  const hands = await shakeHands(name, record.url);
  const server = runningServer(join(place.folder, name));
  const idleMin = Math.floor(idleMs(place) / 60_000);
  const state = hands.ok ? paint(look, 'green', 'runs') : paint(look, 'red', `does not answer (${hands.reason})`);
  return [
    `${title}  ${state}  version ${record.serverVersion}${server ? `, process ${server.pid}` : ', a container'}, since ${record.since}`,
    `${' '.repeat(12)}${record.url}`,
    `${' '.repeat(12)}from ${record.from}; used ${idleMin} min ago, stops after ${idleLimitMs(place) / 60_000}`,
  ].join('\n');
}
