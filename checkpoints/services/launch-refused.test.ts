import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureServices } from './ensure-services.ts';
import { freePort } from './free-port.ts';
import { openTemporaryPlace, type TemporaryPlace, toolsOf } from './temporary-place.ts';

let place: TemporaryPlace;
beforeEach(() => {
  place = openTemporaryPlace();
});
afterEach(async () => {
  expect(place.processes()).toEqual([]);
  await place[Symbol.asyncDispose]();
});

/** Puts a program before all others. */
function addTool(name: string, script: string): void {
  const file = join(toolsOf(place), name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const isRoot = process.getuid?.() === 0;
const onLinux = test.skipIf(process.platform !== 'linux');

describe('an address in the environment', () => {
  test('is used after a handshake alone: an open port is no server', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}).end('hello\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const env = { ...place.env, REDIS_URL: `redis://user:secret@127.0.0.1:${port}` };
    const found = await ensureServices(['redis'], { place: { ...place, env } });
    expect(found).toMatchObject({ ok: false, missing: 'redis', remedy: expect.stringContaining('unset REDIS_URL') });
    expect(JSON.stringify(found)).toContain(`127.0.0.1:${port}`);
    expect(JSON.stringify(found)).not.toContain('secret');
    silent.close();
  });

  test('where nobody listens is refused, and nothing is started in its place', async () => {
    const port = await freePort();
    const env = { ...place.env, DATABASE_URL: `postgres://postgres@127.0.0.1:${port}/postgres` };
    expect(await ensureServices(['postgresql'], { place: { ...place, env } })).toEqual({
      ok: false,
      missing: 'postgresql',
      reason: `DATABASE_URL names a server that cannot be used: 127.0.0.1:${port}: nobody listens there`,
      remedy: 'start that server, or: unset DATABASE_URL, and one is started for you',
    });
    expect(existsSync(place.folder)).toBe(false);
  });

  test('that is no URL is refused', async () => {
    const env = { ...place.env, AMQP_URL: 'here' };
    const found = await ensureServices(['rabbitmq'], { place: { ...place, env } });
    expect(found).toMatchObject({ ok: false, reason: expect.stringContaining('not a URL such as amqp://') });
  });
});

describe('packages', () => {
  onLinux('that cannot be fetched without a network are told with what apt said', async () => {
    addTool('apt-config', 'exit 0');
    addTool('dpkg-deb', 'exit 1');
    addTool(
      'apt-get',
      `echo "E: Failed to fetch http://deb.example.test/x  Could not resolve 'deb.example.test'" >&2; exit 100`,
    );
    const found = await ensureServices(['redis'], { place, consent: true });
    expect(found).toMatchObject({
      ok: false,
      missing: 'redis',
      reason:
        "redis-server could not be fetched from this system's package sources: Failed to fetch " +
        "http://deb.example.test/x  Could not resolve 'deb.example.test'",
      remedy: expect.stringContaining('REDIS_URL'),
    });
    expect(readdirSync(join(place.folder, 'debian'))).toEqual(['apt']);
  });

  onLinux('that come half are not kept', async () => {
    addTool('apt-config', 'exit 0');
    addTool('dpkg-deb', 'echo "dpkg-deb: error: archive has premature member" >&2; exit 2');
    addTool(
      'apt-get',
      `case "$*" in *install*) echo 'Inst redis-server (5:7.0.15 Debian:12 [amd64])';; *) : > x.deb;; esac`,
    );
    const found = await ensureServices(['redis'], { place, consent: true });
    expect(found).toMatchObject({ ok: false, reason: expect.stringContaining('premature member') });
    expect(readdirSync(join(place.folder, 'debian'))).toEqual(['apt']);
  });

  onLinux('are not fetched when the answer is no', async () => {
    for (const name of ['apt-config', 'apt-get', 'dpkg-deb']) addTool(name, 'exit 1');
    const questions: string[] = [];
    const consent = async (question: string) => {
      questions.push(question);
      return false;
    };
    const found = await ensureServices(['redis'], { place, consent });
    expect(questions).toEqual([
      'redis is not on this machine. Fetch its Debian packages into .cache/services, without installing them?',
    ]);
    expect(found).toMatchObject({ ok: false, reason: 'redis is not on this machine' });
  });
});

describe('Docker', () => {
  test('without an engine is passed over', async () => {
    addTool('docker', `case "$1" in info) echo 'Cannot connect to the Docker daemon' >&2; exit 1;; esac`);
    const progress: string[] = [];
    const onProgress = (_: string, text: string) => progress.push(text);
    expect(await ensureServices(['redis'], { place, consent: async () => false, onProgress })).toMatchObject({
      ok: false,
    });
    expect(progress).toEqual([]);
  });

  test('that cannot pull the image is told, cleaned up and passed over', async () => {
    const log = join(dirname(toolsOf(place)), 'docker.log');
    addTool(
      'docker',
      `echo "$*" >> ${log}\ncase "$*" in *create*) echo 'Error response from daemon: pull access denied' >&2; exit 1;; esac`,
    );
    const progress: string[] = [];
    const onProgress = (_: string, text: string) => progress.push(text);
    const found = await ensureServices(['redis'], { place, consent: async () => false, onProgress });
    expect(found).toMatchObject({ ok: false, reason: 'redis is not on this machine' });
    expect(progress).toEqual([
      'starting it with Docker Compose',
      'Docker Compose cannot (Error response from daemon: pull access denied); going on without it',
    ]);
    expect(existsSync(join(place.folder, 'redis', 'compose'))).toBe(false);
  });
});

describe('a cache folder', () => {
  test('whose place is taken by a file is told with the way to mend it', async () => {
    mkdirSync(dirname(place.folder), { recursive: true });
    writeFileSync(place.folder, '');
    const found = await ensureServices(['postgresql'], { place });
    rmSync(place.folder);
    expect(found).toMatchObject({ ok: false, reason: expect.stringContaining(`needs to write below ${place.folder}`) });
  });

  test.skipIf(isRoot)('that is read-only is told with the way to mend it', async () => {
    mkdirSync(place.folder, { recursive: true });
    chmodSync(place.folder, 0o555);
    const found = await ensureServices(['postgresql'], { place });
    chmodSync(place.folder, 0o755);
    expect(found).toMatchObject({
      ok: false,
      reason: expect.stringContaining('EACCES'),
      remedy: expect.stringContaining('make it yours'),
    });
  });

  // For root, no mode makes a folder read-only; the kernel's own file system is.
  test.skipIf(!isRoot || process.platform !== 'linux')(
    'that root cannot write either is told with the way to mend it',
    async () => {
      const found = await ensureServices(['postgresql'], { place: { ...place, folder: '/sys/lab/services' } });
      expect(found).toMatchObject({
        ok: false,
        missing: 'postgresql',
        reason: expect.stringContaining('/sys/lab/services'),
      });
    },
  );

  test('that fills up half-way leaves no half of a database', async () => {
    // A limit on the size of files stands for the end of the disk: what is written fails in the middle, here at 1 MiB.
    const work = `console.log(JSON.stringify(await ensureServices(['postgresql'], { place, consent: true })));`;
    const { output } = place.launcher(work, {}, 'trap "" XFSZ; ulimit -f 2048');
    const found = JSON.parse(await output) as { reason: string };
    expect(found).toMatchObject({
      ok: false,
      missing: 'postgresql',
      remedy: expect.stringContaining('free some space'),
    });
    const folder = join(place.folder, 'postgresql');
    expect(readdirSync(folder).filter((name) => /template-|draft|password/.test(name))).toEqual([]);
    expect(readdirSync(join(folder, 'data'))).toEqual([]);
  });
});
