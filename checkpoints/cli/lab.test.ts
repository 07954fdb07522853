import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RIGHT_ECHO, TemporaryCourse, WRONG_ECHO } from './temporary-course.ts';

/** The real command line, as a process, on a course of its own. */
let course: TemporaryCourse;

beforeEach(() => {
  course = new TemporaryCourse();
});
afterEach(() => course[Symbol.dispose]());

const lab = (...args: string[]) => course.run(args);
const read = (path: string) => readFileSync(join(course.root, 'labs/1-first', path), 'utf8');
const progress = () => JSON.parse(read('echo/progress.json'));
const today = () => new Date().toISOString().slice(0, 10);

describe('what is not understood', () => {
  test.each([
    [['strat'], 'There is no command "strat". Did you mean start?'],
    [['help', 'tset'], 'There is no command "tset". Did you mean test?'],
    [['test'], 'Which lab do you want to test?'],
    [['test', 'ecko'], 'There is no lab "ecko". Did you mean echo?'],
    [['test', 'kubernetes'], 'There is no lab "kubernetes".\nLabs that stand: echo, sum.'],
    [['start', 'rest-api'], 'rest-api is planned for phase 2, Second phase; there is nothing to start yet.'],
    [
      ['test', 'echo', 'anwsers'],
      'echo has no checkpoint "anwsers". Did you mean answers?\nIts checkpoints: answers, twice, stops.',
    ],
    [['test', 'echo', '--target', 'solutoin'], 'echo has no target "solutoin". Did you mean solution?'],
    [['test', 'echo', '--run', 'x', '--target', 'solution'], '--run and --target both say what to judge.'],
    [['test', 'sum', '--run', 'x'], 'sum is a module: its checkpoints import your code'],
    [['watch', 'echo'], 'You have not started echo, so there is nothing to watch.'],
    [['diff', 'echo'], 'You have not started echo, so there is nothing to compare.'],
    [['reset', 'echo'], 'You have not started echo, so there is nothing to reset.'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await lab(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('flags that npm kept for itself', async () => {
    const env = { npm_lifecycle_event: 'lab', npm_config_run: 'true' };
    const { code, stderr } = await course.run(['test', 'echo', 'go run .'], { env });
    expect(stderr).toContain('npm kept --run for itself');
    expect(stderr).toContain('npm run lab test echo -- --run');
    expect(code).toBe(2);
  });

  test('a seed that is none', async () => {
    const { code, stderr } = await course.run(['test', 'echo', '--target', 'solution'], { env: { LAB_SEED: 'x' } });
    expect(stderr).toContain('LAB_SEED must be a whole number');
    expect(code).toBe(2);
  });
});

test('from the greeting to the solution', async () => {
  expect((await lab()).stdout).toContain('npm run lab start echo');
  const notStarted = await lab('test', 'echo');
  expect(notStarted.stdout).toContain('? echo, your attempt could not be checked');
  expect(notStarted.stdout).toContain('npm run lab start echo');
  expect(notStarted.code).toBe(3);

  expect(await lab('start', 'echo')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Made labs/1-first/echo/attempt/ (server.ts)'),
  });
  expect(read('echo/attempt/server.ts')).toBe(WRONG_ECHO);
  writeFileSync(join(course.root, 'labs/1-first/echo/attempt/mine.ts'), '// mine\n');
  const again = await lab('start', 'echo');
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run lab reset echo') });
  expect(read('echo/attempt/mine.ts')).toBe('// mine\n');

  const red = await lab('test', 'echo');
  expect(red.stdout).toMatch(
    /^echo, your attempt\n\n✓ answers +\d+ ms {2}a client receives what it sent\n✗ twice {3}a client that sends twice receives both, in order\n\n {2}expected {3}/,
  );
  expect(red.stdout).toContain('read       chapter 1, Half-close (/chapters/first/#half-close)');
  expect(red.stdout).toContain('next       npm run lab hint echo twice');
  expect(red.stdout).toContain('\n1 green, 1 red, 1 not reached.\n');
  expect(red.stdout).toContain('npm run lab test echo -- --all');
  expect(red).toMatchObject({ code: 1, stderr: '' });
  expect(progress()).toEqual({
    version: 1,
    lab: 'echo',
    checkpoints: { answers: { verdict: 'passed', firstGreen: today() }, twice: { verdict: 'failed' } },
  });
  expect((await lab()).stdout).toContain('echo  1 of 3 green, 1 red, next: twice');

  const all = await lab('test', 'echo', '--all');
  expect(all.stdout).toContain('\n2 green, 1 red.\n');
  expect(all.stdout).not.toContain('Red:');
  expect(all.code).toBe(1);

  expect((await lab('hint', 'echo')).stdout).toContain('1 of 1  Once more.');
  expect((await lab('hint', 'echo/answers')).stdout).not.toContain('Then write.');
  expect((await lab('hint', 'echo', 'answers')).stdout).toContain('2 of 2  Then write.');

  const early = await lab('diff', 'echo');
  expect(early.stdout).toContain('echo has 2 of 3 checkpoints green');
  expect((await lab('diff', 'echo')).stdout).toContain('+++ solution/server.ts');

  course.write({ 'labs/1-first/echo/attempt/server.ts': RIGHT_ECHO });
  const green = await lab('test', 'echo');
  expect(green.stdout).toContain('\nAll 3 checkpoints are green.\n');
  expect(green.stdout).toContain('npm run lab start sum');
  expect(green.code).toBe(0);
  expect((await lab('status')).stdout).toContain('echo  ■─■─■  all 3 green');
}, 120_000);

test('--run starts any command in the folder where it was typed, and counts as an attempt', async () => {
  course.write({ 'elsewhere/my-server.ts': RIGHT_ECHO });
  const env = { INIT_CWD: join(course.root, 'elsewhere') };
  const { code, stdout } = await course.run(['test', 'echo', 'answers', '--run', `${process.execPath} my-server.ts`], {
    env,
  });
  expect(stdout).toContain('The checkpoint is green.');
  expect(code).toBe(0);
  expect(progress().checkpoints).toEqual({ answers: { verdict: 'passed', firstGreen: today() } });

  const several = await lab('test', 'echo', '--all', '--run', 'exit 1');
  expect(several.stdout).toContain('\n0 green, 3 red.\nRed: answers, twice, stops.\n');
});

test('--target leaves progress alone; --json prints one document', async () => {
  const { code, stdout } = await lab('test', 'echo', '--target', 'starter', '--json');
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    version: 1,
    lab: 'echo',
    target: 'starter',
    verdict: 'failed',
    counts: { passed: 1, failed: 1, couldNotCheck: 0, notReached: 1 },
    checkpoints: [
      { id: 'answers', verdict: 'passed' },
      { id: 'twice', verdict: 'failed', failure: { kind: 'assertion' } },
      { id: 'stops', verdict: 'not reached' },
    ],
  });
  expect(code).toBe(1);
  expect(existsSync(join(course.root, 'labs/1-first/echo/progress.json'))).toBe(false);
});

test('list --json names planned labs as planned', async () => {
  const { code, stdout } = await lab('list', '--json');
  const states = JSON.parse(stdout).phases.flatMap((phase: { labs: { slug: string; state: string }[] }) =>
    phase.labs.map(({ slug, state }) => `${slug}: ${state}`),
  );
  expect(states).toEqual(['echo: not started', 'sum: not started', 'rest-api: planned']);
  expect(code).toBe(0);
});

test('colour and width follow the environment, not habit', async () => {
  expect((await lab('status')).stdout).not.toContain('\x1b[');
  expect((await course.run(['status'], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b[');
  const narrow = (await course.run(['help'], { env: { COLUMNS: '40' } })).stdout.split('\n');
  expect(
    Math.max(...narrow.filter((line) => !line.includes('npm run lab')).map((line) => line.length)),
  ).toBeLessThanOrEqual(40);
});

test('a reader that leaves early is no error', async () => {
  const child = course.start(['list']);
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('reset keeps the old attempt, also twice in the same second', async () => {
  await lab('start', 'echo');
  for (const text of ['// first\n', '// second\n']) {
    course.write({ 'labs/1-first/echo/attempt/server.ts': text });
    const { code, stdout } = await lab('reset', 'echo');
    const kept = /labs\/1-first\/echo\/\.attempts\/\S+Z(-\d+)?/.exec(stdout)?.[0] ?? expect.fail(stdout);
    expect(readFileSync(join(course.root, kept, 'server.ts'), 'utf8')).toBe(text);
    expect(code).toBe(0);
  }
  expect(read('echo/attempt/server.ts')).toBe(WRONG_ECHO);
  expect(read('echo/.attempts/.gitignore')).toBe('*\n');
}, 60_000);

test('a corrupt progress file is reported, set aside, and work goes on', async () => {
  course.write({ 'labs/1-first/echo/progress.json': '<<<<<<< HEAD\n{}' });
  const { code, stdout, stderr } = await lab('hint', 'echo');
  expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(
    /labs\/1-first\/echo\/progress\.json is no JSON .* It is kept as labs\/1-first\/echo\/progress\.corrupt-\S+Z\.json/,
  );
  expect(stdout).toContain('1 of 2  Read.');
  expect(code).toBe(0);
  const aside = readdirSync(join(course.root, 'labs/1-first/echo')).find((name) =>
    name.startsWith('progress.corrupt-'),
  );
  expect(read(`echo/${aside}`)).toBe('<<<<<<< HEAD\n{}');
  expect(progress().checkpoints).toEqual({ answers: { hintsShown: 1 } });
});

test('a suite that breaks is a defect of the repository, never a red checkpoint', async () => {
  course.write({ 'checkpoints/1-first/echo.test.ts': "throw new Error('the suite fell over');\n" });
  const { code, stderr } = await lab('test', 'echo', '--target', 'solution');
  expect(stderr).toContain('this is a defect of the repository, not of your attempt');
  expect(stderr).toContain('the suite fell over');
  expect(code).toBe(3);
});

test('a mistake file that cannot be read is a defect, said without a stack', async () => {
  course.write({ 'labs/1-first/echo/mistakes/odd.patch': 'Checkpoint: answers\n' });
  const { code, stderr } = await lab('test', 'echo', '--target', 'mistakes/odd');
  expect(stderr).toContain('this is a defect of the repository');
  expect(stderr).toContain('odd.patch');
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code).toBe(3);
});

test('a checkpoint that the test file lacks is not green by silence', async () => {
  const file = 'checkpoints/1-first/echo.test.ts';
  const text = readFileSync(join(course.root, file), 'utf8');
  course.write({ [file]: text.slice(0, text.indexOf("checkpoint('stops'")) });
  const { code, stdout } = await lab('test', 'echo', '--target', 'solution');
  expect(stdout).toContain('? stops');
  expect(stdout).toContain('2 green, 1 could not be checked.');
  expect(code).toBe(3);
});

test('an endless loop in a module is red, and ends', async () => {
  await lab('start', 'sum');
  course.write({ 'labs/1-first/sum/attempt/add.ts': 'export const sum = () => { for (;;); };\n' });
  const { code, stdout } = await lab('test', 'sum');
  expect(stdout).toContain('✗ adds');
  expect(stdout).toContain('an endless loop');
  expect(code).toBe(1);
}, 60_000);

test.skipIf(process.platform === 'win32')('a folder that cannot be written is named, with the mend', async () => {
  const { chmodSync } = await import('node:fs');
  const isRoot = process.getuid?.() === 0;
  chmodSync(course.root, 0o755);
  chmodSync(join(course.root, 'labs/1-first/echo'), 0o555);
  // Root may write everywhere, so root asks as nobody.
  const { code, stderr } = await course.run(['start', 'echo'], isRoot ? { uid: 65_534 } : {});
  chmodSync(join(course.root, 'labs/1-first/echo'), 0o755);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
    'you have no permission. Mend: give yourself the right to write there',
  );
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code).toBe(3);
});
