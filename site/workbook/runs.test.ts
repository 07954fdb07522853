import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RIGHT_ECHO, WRONG_ECHO } from '../../checkpoints/cli/temporary-course.ts';
import { pollUntil } from '../../checkpoints/harness/deadline.ts';
import type { RunEvent, Standing } from './events.ts';
import { type Stream, TemporaryWorkbook } from './temporary-workbook.ts';

/** Ends on no signal that can be ignored, starts a child like itself, and never gets ready. */
const STUBBORN = `import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
appendFileSync(new URL('../../../../pids', import.meta.url), process.pid + '\\n');
if (process.argv[2] !== 'child') spawn(process.execPath, [process.argv[1], 'child'], { stdio: 'ignore' });
setInterval(() => {}, 1_000);
`;
const LAB = 'labs/1-first';

let workbook: TemporaryWorkbook;

/** @param env of the server. */
async function open(env: NodeJS.ProcessEnv = {}): Promise<void> {
  workbook = new TemporaryWorkbook();
  await workbook.open(env);
}

afterEach(() => workbook[Symbol.asyncDispose]());

const save = (path: string, text: string) => writeFileSync(join(workbook.course.root, LAB, path), text);
const json: TemporaryWorkbook['json'] = (...call) => workbook.json(...call);
const standing = async (lab: string) => (await json(`labs/${lab}`, 'GET')) as unknown as Standing;

/** Waits for an event after the first `from` of a stream. */
async function seen<K extends RunEvent['kind']>(stream: Stream, kind: K, from = 0): Promise<RunEvent & { kind: K }> {
  const find = () => stream.events.slice(from).find((event) => event.kind === kind);
  const event = await pollUntil(find, (found) => found !== undefined, {
    withinMs: 40_000,
    otherwise: () => new Error(`no ${kind} in ${JSON.stringify(stream.events)}`),
  });
  return event as RunEvent & { kind: K };
}

const verdicts = (stream: Stream) =>
  stream.events.flatMap((event) => (event.kind === 'result' ? [[event.result.id, event.result.verdict]] : []));

describe('an attempt', () => {
  beforeEach(() => open());

  test('is started, judged, hinted at, compared and begun again', async () => {
    expect(await standing('echo')).toMatchObject({ state: 'not started', files: [] });
    expect(await json('labs/echo/test')).toMatchObject({
      status: 409,
      error: expect.stringContaining('not started echo'),
    });
    expect(await json('labs/echo/start')).toMatchObject({ status: 200, state: 'started', files: ['server.ts'] });
    expect(await json('labs/echo/start')).toMatchObject({
      status: 409,
      error: expect.stringContaining('left as it is'),
    });

    const red = await workbook.stream('labs/echo/test');
    await red.over;
    expect(red.events[0]).toEqual({ kind: 'begun', why: 'one run' });
    expect(verdicts(red)).toEqual([
      ['answers', 'passed'],
      ['twice', 'failed'],
    ]);
    expect(red.events.find((event) => event.kind === 'result' && event.result.verdict === 'failed')).toMatchObject({
      result: {
        failure: {
          expected: expect.any(String),
          received: expect.any(String),
          usually: 'the server writes something else than it read',
          read: { href: '/chapters/first/#half-close', text: 'chapter 1, Half-close' },
        },
      },
    });
    expect(red.events.at(-1)).toMatchObject({
      kind: 'ended',
      summary: '1 green, 1 red, 1 not reached.',
      isGreen: false,
    });
    expect(JSON.parse(workbook.read(`${LAB}/echo/progress.json`)).checkpoints.twice).toEqual({ verdict: 'failed' });
    const all = await workbook.stream('labs/echo/test', '{"all":true}');
    await all.over;
    expect(all.events.at(-1)).toMatchObject({ kind: 'ended', summary: '2 green, 1 red.' });

    expect(await json('labs/echo/hint')).toMatchObject({ checkpoint: 'twice', hints: ['Once more.'], isNew: true });
    expect(await json('labs/echo/hint', 'POST', '{"checkpoint":"answers"}')).toMatchObject({
      hints: ['Read.'],
      total: 2,
    });
    expect(await json('labs/echo/hint', 'POST', '{"checkpoint":"../x"}')).toMatchObject({ status: 404 });

    expect(await json('labs/echo/diff')).toMatchObject({ text: expect.stringContaining('ask once more') });
    const diff = await workbook.stream('labs/echo/diff');
    await diff.over;
    expect(diff.events).toEqual([{ kind: 'diff', text: expect.stringContaining('+++ solution/server.ts') }]);

    save('echo/attempt/server.ts', RIGHT_ECHO);
    const green = await workbook.stream('labs/echo/test');
    await green.over;
    expect(green.events.at(-1)).toMatchObject({ summary: 'All 3 checkpoints are green.', isGreen: true });
    const course = (await json('course', 'GET')) as unknown as { labs: Standing[] };
    expect(course.labs.map(({ slug, words }) => [slug, words])).toEqual([
      ['echo', 'all 3 green'],
      ['sum', 'not started'],
    ]);

    const reset = (await json('labs/echo/reset')) as unknown as { kept: string };
    expect(reset.kept).toMatch(/^labs\/1-first\/echo\/\.attempts\//);
    expect(workbook.read(`${reset.kept}/server.ts`)).toBe(RIGHT_ECHO);
    expect(workbook.read(`${LAB}/echo/attempt/server.ts`)).toBe(WRONG_ECHO);
  }, 90_000);

  test('is judged at every save while it is watched, and by nobody else meanwhile', async () => {
    await json('labs/echo/start');
    const watch = await workbook.stream('labs/echo/watch');
    expect(await seen(watch, 'ended')).toMatchObject({ summary: '1 green, 1 red, 1 not reached.' });
    expect(await standing('echo')).toMatchObject({ running: 'watch' });
    for (const act of ['watch', 'test', 'diff']) {
      expect(await json(`labs/echo/${act}`)).toMatchObject({ status: 409, error: expect.stringMatching(/watch/) });
    }
    const before = watch.events.length;
    save('echo/attempt/server.ts', RIGHT_ECHO);
    expect(await seen(watch, 'begun', before)).toMatchObject({ why: 'server.ts saved' });
    await pollUntil(
      () => watch.events.at(-1),
      (event) => event?.kind === 'ended' && event.isGreen,
      { withinMs: 40_000, otherwise: (event) => new Error(JSON.stringify(event)) },
    );
    expect(await json('labs/echo/cancel')).toMatchObject({ cancelled: true, standing: { state: 'green' } });
    await watch.over;
    expect(watch.events.at(-1)).toEqual({ kind: 'stopped', text: 'The watch has ended.' });
    expect(await json('labs/echo/cancel')).toMatchObject({ cancelled: false });
  }, 90_000);

  test('that says too much is cut short, and what it prints is shown up to a bound', async () => {
    await json('labs/sum/start');
    save(
      'sum/attempt/add.ts',
      "export const sum = () => { console.log('\\x1b[31m<b>' + 'y'.repeat(3e5)); return 'x'.repeat(3e6); };\n",
    );
    const run = await workbook.stream('labs/sum/test');
    await run.over;
    expect(run.events.at(-1)).toEqual({ kind: 'stopped', text: expect.stringContaining('said more than 1048576') });
    expect(JSON.stringify(run.events).length).toBeLessThan(1.5 * 1024 * 1024);
    expect(await standing('sum')).not.toHaveProperty('running');
  }, 60_000);
});

describe.skipIf(process.platform === 'win32')('a run that will not end', () => {
  beforeEach(() => open());

  test('is alone on its lab, and ends when it is cancelled', async () => {
    const { run, pids } = await stubborn();
    for (const act of ['test', 'watch', 'diff', 'reset']) {
      expect(await json(`labs/echo/${act}`)).toMatchObject({
        status: 409,
        error: expect.stringContaining('under way already'),
      });
    }
    // Another lab has nothing to do with it, and pages are served as ever.
    await json('labs/sum/start');
    const other = await workbook.stream('labs/sum/test');
    await other.over;
    expect(verdicts(other)).toEqual([['adds', 'failed']]);
    expect(await json('labs/echo/cancel')).toMatchObject({ cancelled: true });
    await run.over;
    expect(run.events.at(-1)).toEqual({ kind: 'stopped', text: 'It was cancelled.' });
    await gone(pids);
    save('echo/attempt/server.ts', RIGHT_ECHO);
    const again = await workbook.stream('labs/echo/test');
    await again.over;
    expect(again.events.at(-1)).toMatchObject({ isGreen: true });
  }, 90_000);

  test('ends when its page goes away', async () => {
    const { run, pids } = await stubborn();
    run.request.destroy();
    await gone(pids);
    await pollUntil(
      () => standing('echo'),
      ({ running }) => running === undefined,
      { withinMs: 10_000, otherwise: ({ running }) => new Error(`still: ${running}`) },
    );
  }, 90_000);

  test.each([
    ['SIGINT', 0],
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const)(
    'ends with the server, ended by %s',
    async (signal, code) => {
      const { run, pids } = await stubborn();
      expect(pids.every(isAlive)).toBe(true);
      const ended = new Promise((resolve) => workbook.child?.once('exit', resolve));
      workbook.child?.kill(signal);
      expect(await ended).toBe(code);
      await run.over;
      await gone(pids);
    },
    90_000,
  );
});

test.skipIf(process.platform !== 'linux')(
  'what would have to be fetched is asked about, and not without a yes',
  async () => {
    workbook = new TemporaryWorkbook();
    const bin = join(workbook.course.root, 'bin');
    for (const program of ['apt-get', 'apt-config', 'dpkg-deb']) {
      workbook.course.write({ [`bin/${program}`]: `#!/bin/sh\ntouch ${bin}/was-called\nexit 1\n` });
      chmodSync(join(bin, program), 0o755);
    }
    for (const program of ['id', 'sh', 'chown', 'setpriv']) {
      const place = ['/usr/bin', '/bin'].map((folder) => join(folder, program)).find((path) => existsSync(path));
      if (place) symlinkSync(place, join(bin, program));
    }
    const labs = workbook
      .read('labs/course.ts')
      .replace("kinds: ['module'], services: []", "kinds: ['module'], services: ['redis']");
    workbook.course.write({ 'labs/course.ts': labs });
    await workbook.open({ PATH: bin, REDIS_URL: undefined });
    await json('labs/sum/start');
    const run = await workbook.stream('labs/sum/test');
    expect(await seen(run, 'question')).toMatchObject({ text: expect.stringContaining('Fetch its Debian packages') });
    expect(await json('labs/sum/answer', 'POST', '{"yes":"no"}')).toMatchObject({ answered: true });
    await run.over;
    expect(run.events.at(-1)).toMatchObject({ kind: 'unchecked', reason: 'redis is not on this machine' });
    expect(workbook.exists('bin/was-called')).toBe(false);
  },
  60_000,
);

/** Starts a run of a program that ignores every signal, and waits for it and its child. */
async function stubborn(): Promise<{ readonly run: Stream; readonly pids: number[] }> {
  workbook.course.write({ [`${LAB}/echo/attempt/server.ts`]: STUBBORN });
  const run = await workbook.stream('labs/echo/test');
  const read = () => (workbook.exists('pids') ? workbook.read('pids').trim().split('\n').map(Number) : []);
  const pids = await pollUntil(read, (found) => found.length === 2, {
    withinMs: 40_000,
    otherwise: (found) => new Error(`expected two processes; saw ${found.length}: ${JSON.stringify(run.events)}`),
  });
  return { run, pids };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers too, until whoever inherited it takes notice.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
}

function gone(pids: readonly number[]): Promise<readonly number[]> {
  return pollUntil(
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    { withinMs: 10_000, otherwise: (alive) => new Error(`still alive: ${alive.join(', ')}`) },
  );
}
