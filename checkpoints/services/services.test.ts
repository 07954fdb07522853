import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_WIDTH } from '../cli/look.ts';
import { removeData, stopServices } from './clean-up.ts';
import { ensureServices } from './ensure-services.ts';
import { recordedHome } from './home.ts';
import { SERVICES } from './kits.ts';
import { dropOldLeftovers } from './leftovers.ts';
import { statusOf } from './status.ts';
import { openTemporaryPlace, type TemporaryPlace } from './temporary-place.ts';

const LOOK = { width: DEFAULT_WIDTH, colour: false };
const isRoot = process.getuid?.() === 0;

let place: TemporaryPlace;
beforeAll(() => {
  place = openTemporaryPlace();
});
afterAll(() => place[Symbol.asyncDispose](), 60_000);

async function start(from: TemporaryPlace = place): Promise<string> {
  const found = await ensureServices(['postgresql'], { place: from });
  if (!found.ok) throw new Error(found.reason);
  return found.addresses.postgresql ?? '';
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const homes = () => readdirSync(tmpdir()).filter((name) => name.startsWith('lab-services-'));

test('data survive down and up, also where they have to be outside the clone meanwhile', async () => {
  // Root's servers run as somebody who cannot get there, as in a clone below /root.
  await using hidden = openTemporaryPlace({}, 0o700);
  await downAndUp(hidden);
});

async function downAndUp(place: TemporaryPlace): Promise<void> {
  const url = await start(place);
  await query(url, 'CREATE TABLE kept AS SELECT 1 AS one');
  expect(recordedHome(place) !== undefined).toBe(isRoot);
  const home = recordedHome(place);
  expect(await statusOf(place, 'postgresql', LOOK)).toMatch(/^postgresql {2}runs {2}version 1\d\.\d+, process \d+/);
  expect(await stopServices(place, SERVICES)).toEqual(
    new Map([
      ['postgresql', 'ended'],
      ['redis', 'was gone'],
      ['rabbitmq', 'was gone'],
    ]),
  );
  expect(home !== undefined && existsSync(home)).toBe(false);
  expect(recordedHome(place)).toBeUndefined();
  expect(place.processes()).toEqual([]);
  expect(await statusOf(place, 'postgresql', LOOK)).toBe('postgresql  is not running');
  expect(await query(await start(place), 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
}

test('only databases of runs that crashed long ago are dropped', async () => {
  const url = await start();
  await query(url, 'CREATE DATABASE lab_old');
  await query(url, 'CREATE DATABASE lab_new');
  await query(url, 'CREATE DATABASE mine');
  const data = join(recordedHome(place) ?? place.folder, 'postgresql', 'data');
  const days = new Date(Date.now() - 2 * 24 * 3_600_000);
  for (const name of ['lab_old', 'mine']) {
    const [row] = (await query(url, `SELECT oid FROM pg_database WHERE datname = '${name}'`)) as { oid: number }[];
    utimesSync(join(data, 'base', String(row?.oid), 'PG_VERSION'), days, days);
  }
  expect(await dropOldLeftovers(place, 'postgresql')).toEqual(['database lab_old']);
  const names = (await query(url, 'SELECT datname FROM pg_database')) as { datname: string }[];
  expect(names.map(({ datname }) => datname)).toEqual(expect.arrayContaining(['lab_new', 'mine']));
});

test('two clones do not see each other', async () => {
  await using other = openTemporaryPlace();
  const [mine, theirs] = await Promise.all([start(), start(other)]);
  await stopServices(other, SERVICES);
  expect(theirs).not.toBe(mine);
  expect(await query(mine, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(other.processes()).toEqual([]);
});

test('reset deletes the data and says which; down never does', async () => {
  await start();
  await stopServices(place, SERVICES);
  expect(await removeData(place, 'postgresql')).toEqual([join(place.folder, 'postgresql', 'data')]);
  expect(await removeData(place, 'postgresql')).toEqual([]);
});

test('servers that nobody uses any more stop by themselves, and so does who watches them', async () => {
  const before = homes();
  const work = `await ensureServices(['postgresql'], { place });`;
  await place.launcher(work, { LAB_SERVICES_IDLE_MIN: '0.02' }).output;
  expect(place.processes().length).toBeGreaterThan(1);
  const end = performance.now() + 30_000;
  while (place.processes().length > 0 && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(place.processes()).toEqual([]);
  expect(readFileSync(join(place.folder, 'postgresql', 'server.log'), 'utf8')).toContain(
    'database system is shut down',
  );
  expect(homes().filter((name) => !before.includes(name))).toEqual([]);
});

test('an idle limit that is no number is refused', async () => {
  const env = { ...place.env, LAB_SERVICES_IDLE_MIN: 'soon' };
  expect(await ensureServices(['postgresql'], { place: { ...place, env } })).toEqual({
    ok: false,
    missing: 'postgresql',
    reason: 'LAB_SERVICES_IDLE_MIN must be a number of minutes above 0; it is "soon"',
    remedy: 'unset LAB_SERVICES_IDLE_MIN',
  });
});
