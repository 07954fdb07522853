import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stopServices } from './clean-up.ts';
import { ensureServices } from './ensure-services.ts';
import { freePort } from './free-port.ts';
import { shakeHands } from './handshake.ts';
import { openHome } from './home.ts';
import { SERVICES } from './kits.ts';
import { lockService, startOwn } from './own-instance.ts';
import { postgresKit } from './postgres-kit.ts';
import { openTemporaryPlace, type TemporaryPlace } from './temporary-place.ts';

/** One for all tests: they leave it clean, which is the point. */
let place: TemporaryPlace;
let folder: string;
beforeAll(() => {
  place = openTemporaryPlace();
  folder = join(place.folder, 'postgresql');
});
afterEach(async () => {
  await stopServices(place, SERVICES);
  expect(await place.processesThatStay()).toEqual([]);
}, 60_000);
afterAll(() => place[Symbol.asyncDispose](), 60_000);

const START = `const found = await ensureServices(['postgresql'], { place, consent: true });
  console.log(JSON.stringify(found));`;

/** Kills a launcher as soon as `isSo`. False: it ended first. */
async function killWhen(isSo: () => boolean): Promise<boolean> {
  const { child, output } = place.launcher(START);
  output.catch(() => {});
  while (child.exitCode === null && child.signalCode === null && !isSo())
    await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGKILL');
  await output.catch(() => {});
  return child.signalCode === 'SIGKILL';
}

const has = (pattern: RegExp) => () => existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name));

test.each([
  ['makes the first database files', has(/^initdb\.process$/), /^(template|data)/],
  ['copies them', has(/^data\..*\.draft$/), /^data/],
  ['starts the server', has(/^server\.process$/), /^$/],
  ['takes the lock', has(/^lock$/), /^$/],
])('a launcher that is killed when it %s leaves nothing that down does not clean up', async (_, isSo, missing) => {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (missing.test(name)) rmSync(join(folder, name), { recursive: true });
  }
  expect(await killWhen(isSo)).toBe(true);
  await stopServices(place, SERVICES);
  expect(await place.processesThatStay()).toEqual([]);
  const after = await ensureServices(['postgresql'], { place });
  expect(after).toMatchObject({ ok: true });
  // No draft of the one that was killed, and no lock.
  expect(readdirSync(folder).filter((name) => /draft|^lock$|password|initdb.process/.test(name))).toEqual([]);
});

test('a server whose launcher was killed before it noted the address is ended, and another started', async () => {
  expect(await killWhen(has(/^server\.process$/))).toBe(true);
  const after = await ensureServices(['postgresql'], { place });
  expect(after).toMatchObject({ ok: true });
  expect(place.processes().filter((line) => line.includes('/postgres -D'))).toHaveLength(1);
});

test('two runs at once start one server', async () => {
  const outputs = await Promise.all([place.launcher(START).output, place.launcher(START).output]);
  expect(outputs[0]).toBe(outputs[1]);
  expect(JSON.parse(outputs[0])).toMatchObject({ ok: true });
  expect(place.processes().filter((line) => line.includes('/postgres -D'))).toHaveLength(1);
  expect(place.processes().filter((line) => line.includes('lab-services-watchdog'))).toHaveLength(1);
});

test('a record of a server that is gone is not believed', async () => {
  const first = await ensureServices(['postgresql'], { place });
  const record = readFileSync(join(folder, 'instance.json'), 'utf8');
  const processRecord = readFileSync(join(folder, 'server.process'), 'utf8');
  await stopServices(place, SERVICES);
  writeFileSync(join(folder, 'instance.json'), record);
  writeFileSync(join(folder, 'server.process'), processRecord);
  const second = await ensureServices(['postgresql'], { place });
  expect(second).toMatchObject({ ok: true });
  expect(second).not.toEqual(first);
});

test('a record whose pid now belongs to another process harms nobody', async () => {
  await ensureServices(['postgresql'], { place });
  const stranger = spawn('sleep', ['60']);
  const processRecord = readFileSync(join(folder, 'server.process'), 'utf8');
  const record = readFileSync(join(folder, 'instance.json'), 'utf8');
  await stopServices(place, SERVICES);
  // As if the machine had given the server's number to somebody else.
  const [boot, , ...rest] = processRecord.split('\n');
  writeFileSync(join(folder, 'server.process'), [boot, stranger.pid, ...rest].join('\n'));
  writeFileSync(join(folder, 'instance.json'), record);
  expect(await ensureServices(['postgresql'], { place })).toMatchObject({ ok: true });
  await stopServices(place, SERVICES);
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  stranger.kill();
  await once(stranger, 'exit');
});

test('a server that runs and does not answer is ended, and another started', async () => {
  const first = await ensureServices(['postgresql'], { place });
  const record = join(folder, 'instance.json');
  const { url, ...rest } = JSON.parse(readFileSync(record, 'utf8')) as { url: string };
  writeFileSync(record, JSON.stringify({ ...rest, url: url.replace(/:\d+\//, `:${await freePort()}/`) }));
  const second = await ensureServices(['postgresql'], { place });
  expect(second).toMatchObject({ ok: true });
  expect(second).not.toEqual(first);
  expect(place.processes().filter((line) => line.includes('/postgres -D'))).toHaveLength(1);
});

test('a port that somebody else took meanwhile is no reason to fail', async () => {
  // It listens and says nothing, so that only the end of our own server tells.
  const stranger = createServer().listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port: taken } = stranger.address() as { port: number };
  const home = openHome(place);
  const programs = await postgresKit.locate(place, home);
  if (!programs) throw new Error('npm ci brings PostgreSQL');
  {
    using _ = await lockService(place, 'postgresql');
    const ports = [taken];
    const next = async () => ports.pop() ?? freePort();
    const record = await startOwn(place, 'postgresql', programs, home, next);
    expect((await shakeHands('postgresql', record.url)).ok).toBe(true);
  }
  await stopServices(place, ['postgresql']);
  {
    using _ = await lockService(place, 'postgresql');
    const always = startOwn(place, 'postgresql', programs, home, async () => taken);
    await expect(always).rejects.toThrow(`expected to answer on 127.0.0.1:${taken}; it ended by itself`);
    await expect(always).rejects.toThrow(/already in use/i);
  }
  expect(await place.processesThatStay()).toEqual([]);
  stranger.close();
});
