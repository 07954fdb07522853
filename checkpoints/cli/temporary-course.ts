/** A small course of its own in a temporary folder, for the tests of the command line. Nothing of the real one is touched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repository } from '../runner/repository.ts';

const LAB_FILE = `
const checkpoint = (id, sentence, hints) => ({ id, sentence, read: 'half-close', hints });
export const echo = {
  status: 'built', slug: 'echo', title: 'Echo', competency: 'Answering what was asked', teaches: ['answer'],
  kinds: ['program'], services: [], entry: { typescript: 'server.ts', python: 'server.py' }, diagrams: ['echo'],
  checkpoints: [
    checkpoint('answers', 'a client receives what it sent', ['Read.', 'Then write.']),
    checkpoint('twice', 'a client that sends twice receives both, in order', ['Once more.']),
    checkpoint('stops', 'the server ends with code 0 on SIGTERM', ['Listen for the signal.']),
  ],
};
export const sum = {
  status: 'built', slug: 'sum', title: 'Sum', competency: 'Adding what was given', teaches: ['add'],
  kinds: ['module'], services: [], entry: { typescript: 'sum.ts' }, diagrams: ['sum'],
  checkpoints: [checkpoint('adds', 'two and two make four', ['Count.'])],
};
const planned = (slug, title) => ({
  status: 'planned', slug, title, competency: 'To come', teaches: ['later'], kinds: ['program'], services: [],
});
const phase = (number, slug, title, status, labs) => ({ number, slug, title, summary: 's', status, labs, writeUps: [] });
export const course = {
  title: 'Test course',
  phases: [
    phase(1, 'first', 'First phase', 'written', [echo, sum]),
    phase(2, 'second', 'Second phase', 'planned', [planned('rest-api', 'REST API')]),
  ],
};
`;

const ECHO_TEST = `
import { checkpoint } from '../harness/checkpoint.ts';
import { CheckpointFailure, check } from '../harness/failure.ts';
import { exitOf, startProgram } from '../harness/program.ts';
import { connectTcp } from '../harness/tcp-client.ts';
const usually = 'the server writes something else than it read';
checkpoint('answers', 'a client receives what it sent', async () => {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  await client.write(Buffer.from('hello'));
  await client.expectBytes(Buffer.from('hello'), { sent: '"hello"', usually });
});
checkpoint('twice', 'a client that sends twice receives both, in order', async () => {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  await client.write(Buffer.from('one'));
  await client.write(Buffer.from('two'));
  await client.expectBytes(Buffer.from('onetwo'), { usually });
});
checkpoint('stops', 'the server ends with code 0 on SIGTERM', async () => {
  await using server = await startProgram();
  server.kill('SIGTERM');
  const late = () => new CheckpointFailure({ expected: 'an end', received: 'none', usually: 'the signal is ignored' });
  const exit = await exitOf(server, 5_000, late);
  check(exit.code === 0, { expected: 'exit code 0', received: 'another', usually: 'the signal is not handled' });
});
`;

const SUM_TEST = `
import { checkpoint } from '../harness/checkpoint.ts';
import { check } from '../harness/failure.ts';
import { loadModule } from '../harness/module.ts';
checkpoint('adds', 'two and two make four', async () => {
  const { sum } = await loadModule('sum.ts');
  check(sum(2, 2) === 4, { expected: '4', received: String(sum(2, 2)), usually: 'a wrong operator' });
});
`;

/** An echo server; `answer` is the expression that it writes back for `data`. */
export function echoServer(answer: string): string {
  return `import { createServer } from 'node:net';
const server = createServer((socket) => socket.on('error', () => {}).on('data', (data) => socket.write(${answer})));
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('READY ' + server.address().port));
process.on('SIGTERM', () => process.exit(0));
`;
}

export const RIGHT_ECHO = echoServer('data');
export const WRONG_ECHO = echoServer("data.toString().replace('two', 'TWO')");
export const WRONG_SUM = {
  'sum.ts': "export { sum } from './add.ts';\n",
  'add.ts': 'export const sum = (a, b) => a - b;\n',
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class TemporaryCourse implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'lab-cli-'));

  constructor() {
    for (const name of ['cli', 'harness', 'runner', 'services']) {
      cpSync(join(repository, 'checkpoints', name), join(this.root, 'checkpoints', name), { recursive: true });
    }
    cpSync(join(repository, 'labs/course-schema.ts'), join(this.root, 'labs/course-schema.ts'));
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'));
    const lab = 'labs/1-first';
    this.write({
      'package.json': '{ "type": "module" }\n',
      'labs/course.ts': LAB_FILE,
      'checkpoints/1-first/echo.test.ts': ECHO_TEST,
      'checkpoints/1-first/sum.test.ts': SUM_TEST,
      [`${lab}/echo/starter/server.ts`]: WRONG_ECHO,
      [`${lab}/echo/solution/server.ts`]: RIGHT_ECHO,
      [`${lab}/sum/starter/sum.ts`]: WRONG_SUM['sum.ts'],
      [`${lab}/sum/starter/add.ts`]: WRONG_SUM['add.ts'],
      'site/src/content/chapters/1-first.mdx': '## Half-close\n',
    });
  }

  /** Writes files; the keys are paths below the root. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
  }

  /** Starts the command line as npm would. Its output goes through pipes. */
  start(args: readonly string[], options: { env?: NodeJS.ProcessEnv; uid?: number } = {}): ChildProcess {
    const { NO_COLOR: _no, FORCE_COLOR: _force, COLUMNS: _columns, ...inherited } = process.env;
    // Vitest's own marks would make the Vitest of the command line think that it runs inside another.
    const env = Object.fromEntries(
      Object.entries(inherited).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$)/.test(name)),
    );
    return spawn(process.execPath, ['checkpoints/cli/node-24.mjs', 'checkpoints/cli/lab.ts', ...args], {
      cwd: this.root,
      // A Node that ends as the folder is removed would write its compile cache, and with it the folder, once more.
      env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1', INIT_CWD: this.root, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
  }

  /** Runs the command line to its end. */
  async run(args: readonly string[], options: { env?: NodeJS.ProcessEnv; uid?: number } = {}): Promise<Ended> {
    const child = this.start(args, options);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
