import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil } from '../../checkpoints/harness/deadline.ts';
import { NAVIGATION, PAGE, TemporaryWorkbook } from './temporary-workbook.ts';

let workbook: TemporaryWorkbook;

beforeEach(() => {
  workbook = new TemporaryWorkbook();
});
afterEach(() => workbook[Symbol.asyncDispose]());

describe('the server', () => {
  test('says which port is taken, and how to choose another', async () => {
    await workbook.open();
    const second = workbook.start(workbook.port);
    expect(await new Promise((resolve) => second.once('exit', resolve))).toBe(1);
    expect(workbook.printed).toContain(`Port ${workbook.port} on 127.0.0.1 is taken. Name another one: PORT=`);
  }, 60_000);

  test('is none of this on an address that others can reach, or when it is told not to be', async () => {
    for (const env of [{ HOST: '0.0.0.0' }, { WORKBOOK: 'off' }]) {
      await using pages = new TemporaryWorkbook();
      await pages.serve(env);
      const { text } = await pages.ask('/labs/echo/', { headers: NAVIGATION });
      expect(text).toBe(PAGE);
      expect((await pages.ask('/_workbook/client/scripts/workbook/panel.ts')).status).toBe(404);
    }
  }, 60_000);

  test('gives a request that never ends its time, and no more', async () => {
    await workbook.open();
    const socket = connect(workbook.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /_workbook/api/labs/echo/start HTTP/1.1\r\n');
    const begun = performance.now();
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(performance.now() - begun).toBeLessThan(30_000);
  }, 60_000);
});

describe.skipIf(process.platform === 'win32')('an editor', () => {
  test('gets a file of the attempt, and no other', async () => {
    await workbook.open({ VISUAL: `${process.execPath} editor.mjs "two words"` });
    workbook.course.write({
      'editor.mjs':
        "import { writeFileSync } from 'node:fs';\nwriteFileSync('opened', JSON.stringify(process.argv.slice(2)));\n",
      'secret.txt': 'secret\n',
    });
    await workbook.json('labs/sum/start');
    for (const file of ['../../../../secret.txt', '/etc/passwd', 'sum.ts/../add.ts', './sum.ts', '']) {
      expect(await workbook.json('labs/sum/edit', 'POST', JSON.stringify({ file }))).toMatchObject({
        status: 404,
        error: 'The attempt has no such file.',
      });
    }
    expect(await workbook.json('labs/sum/edit', 'POST', '{"file":["sum.ts"]}')).toMatchObject({ status: 404 });
    expect(await workbook.json('labs/sum/edit', 'POST', '{"file":"add.ts"}')).toMatchObject({ status: 200 });
    await pollUntil(
      () => workbook.exists('opened') && workbook.read('opened') !== '',
      (isThere) => isThere,
      { withinMs: 20_000, otherwise: () => new Error('the editor was not started') },
    );
    expect(JSON.parse(workbook.read('opened'))).toEqual([
      'two words',
      join(workbook.course.root, 'labs/1-first/sum/attempt/add.ts'),
    ]);
  }, 60_000);

  test('that is missing is said, with the file and the way to name one', async () => {
    await workbook.open({ EDITOR: 'vim', PATH: '/nowhere' });
    await workbook.json('labs/echo/start');
    expect(await workbook.json('labs/echo/edit')).toMatchObject({
      status: 409,
      error: expect.stringMatching(/VISUAL=code npm start.*labs\/1-first\/echo\/attempt\/server\.ts/),
    });
  }, 60_000);
});
