import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASELINE, type ServerUnderLoad } from './servers-under-load.ts';
import { formatSoak, soak } from './soak.ts';

const SEED = 5;
const SIZE = { randomBytes: 200_000, resets: 1_000, recoverMs: 2_000 };
const ECHO = { question: 'still here', answer: 'still here' };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** An echo server of which each connection runs `fault` first. */
async function faulty(name: string, fault: string): Promise<ServerUnderLoad> {
  await writeFile(
    join(folder, `${name}.mjs`),
    `import { createServer } from 'node:net';
     const kept = [];
     const server = createServer({ allowHalfOpen: true }, (socket) => {
       socket.on('error', () => {});
       ${fault}
       socket.pipe(socket);
     }).listen(0, '127.0.0.1', () => console.log('READY ' + server.address().port));`,
  );
  const command = [process.execPath, `${name}.mjs`];
  return { name, ok: true, target: { kind: 'program', name, command, cwd: folder, env: {} } };
}

test('a server that cleans up passes', async () => {
  const row = await soak({ server: BASELINE, ...ECHO }, SEED, SIZE);
  expect(row, formatSoak([row])).toMatchObject({ verdict: 'passed', alive: true });
});

test('a server that keeps memory of every connection fails', async () => {
  const server = await faulty('leaks-memory', 'kept.push(Buffer.alloc(40_000, 1));');
  const row = await soak({ server, ...ECHO }, SEED, SIZE);
  expect(row, formatSoak([row])).toMatchObject({ verdict: 'failed', alive: true });
}, 120_000);

test('a server that keeps a descriptor of every tenth connection fails', async () => {
  const fault = `if (Math.random() < 0.1) kept.push(createServer().listen(0, '127.0.0.1'));`;
  const row = await soak({ server: await faulty('leaks-descriptors', fault), ...ECHO }, SEED, SIZE);
  expect(row, formatSoak([row])).toMatchObject({ verdict: 'failed', alive: true });
}, 120_000);

test('a server that a reset ends is not taken for one that could not be checked', async () => {
  const server = await faulty('dies', `socket.on('error', () => process.exit(1));`);
  await expect(soak({ server, ...ECHO }, SEED, SIZE)).rejects.toThrow();
});
