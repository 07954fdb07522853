import { randomBytes } from 'node:crypto';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { Unavailable } from '../../harness/unavailable.ts';
import {
  buildImage,
  command,
  docker,
  nodeIn,
  type Outcome,
  requireBases,
  requireCompose,
  requireDatabaseImage,
  requireEngine,
  tailOf,
} from './engine.ts';
import { composeName, folderOf, stackOf } from './project.ts';

const UP_WITHIN_MS = 45_000;
const READY_WITHIN_MS = 30_000;
const DOWN_WITHIN_MS = 30_000;
const NOTICE = 'The bridge at Low Ford is out';

/** Runs a request inside the API's container and prints the status and the body. */
const ASK = `
  const [method, path, body] = process.argv.slice(1);
  const headers = body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {};
  const r = require('node:http').request({ host: '127.0.0.1', port: process.env.PORT || 8080, method, path, headers }, (a) => {
    let text = ''; a.on('data', (c) => { text += c; }).on('end', () => console.log(a.statusCode + ' ' + text.trim()));
  });
  r.on('error', (e) => console.log('0 ' + e.code));
  r.end(body);`;

export async function keepsDataAcrossDownAndUp(context: CheckpointContext): Promise<void> {
  await requireEngine();
  const compose = await requireCompose();
  await requireBases(context);
  await requireDatabaseImage(context);
  const project = `lab-containers-${randomBytes(6).toString('hex')}`;
  const stack = new RunningStack(context, compose, project);
  // The same layers are found in the cache when Compose builds, whose build has no network of its own to choose.
  await buildImage(context, folderOf(context), project);
  // Down alone leaves volumes without a name behind, which belong to nobody then.
  const anonymous: string[] = [];
  try {
    await stack.up();
    const posted = await stack.ask('POST', '/notices', JSON.stringify({ text: NOTICE }));
    check(posted.startsWith('201'), {
      sent: 'POST /notices in the stack',
      expected: 'status 201',
      received: posted,
      usually: 'the API does not reach its database: inside a stack it is found by the name of its service',
    });
    anonymous.push(...(await stack.volumes()));
    await stack.run(['down', '--timeout', '10']);
    await stack.up();
    const listed = await stack.ask('GET', '/notices');
    check(listed.includes(NOTICE), {
      sent: 'POST /notices, docker compose down, docker compose up, GET /notices',
      expected: 'the notice to be there still',
      received: listed,
      usually: 'the volume is mounted beside the folder in which the image keeps its data',
    });
  } finally {
    await stack.run(['down', '--volumes', '--remove-orphans', '--timeout', '1']);
    if (anonymous.length > 0) await docker(['volume', 'rm', '--force', ...anonymous]);
    await docker(['image', 'rm', '--force', project, `${project}-api`, `${project}_api`]);
  }
}

class RunningStack {
  readonly #context: CheckpointContext;
  readonly #compose: readonly [string, ...string[]];
  readonly #project: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(context: CheckpointContext, compose: readonly [string, ...string[]], project: string) {
    this.#context = context;
    this.#compose = compose;
    this.#project = project;
    const base = process.env.LAB_BASE_IMAGE;
    this.#env = {
      POSTGRES_PASSWORD: randomBytes(12).toString('hex'),
      // Any free port of loopback: two runs at once do not collide.
      API_PORT: '0',
      ...(base === undefined ? {} : { NODE_IMAGE: base }),
    };
  }

  /** Starts it and waits until the API is ready. */
  async up(): Promise<void> {
    const { code, stdout, stderr } = await this.run(['up', '--detach'], UP_WITHIN_MS);
    const details = tailOf(`${stdout}\n${stderr}`);
    // The first generation knows the older syntax alone, and ended in 2023.
    if (code !== 0 && this.#compose[0] === 'docker-compose' && /is invalid because/.test(stderr)) {
      throw new Unavailable({
        missing: 'compose',
        reason: 'docker-compose refuses the file: its first generation does not know the whole Compose Specification',
        remedy: 'install the Compose plugin: https://docs.docker.com/compose/install/',
      });
    }
    check(code === 0, {
      sent: 'docker compose up --detach',
      expected: 'every service to start',
      received: 'an error',
      usually: 'the file is refused, or the database never becomes healthy: its output below says which',
      details,
    });
    const { api } = stackOf(this.#context);
    await pollUntil(
      () => this.ask('GET', '/readyz'),
      (answer) => answer.startsWith('200'),
      {
        withinMs: READY_WITHIN_MS,
        everyMs: 500,
        otherwise: (answer) =>
          new CheckpointFailure({
            sent: `docker compose up --detach, then GET /readyz in ${api.name}`,
            expected: 'status 200: a stack that is ready',
            received: answer === '' ? 'no answer' : answer,
            usually:
              'the API does not reach its database: inside a stack it is found by the name of its service, not at localhost',
          }),
      },
    );
  }

  /** Names of the volumes of its containers. */
  async volumes(): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${this.#project}`;
    const containers = (await docker(['ps', '--all', '--quiet', '--filter', filter])).stdout
      .split('\n')
      .filter(Boolean);
    if (containers.length === 0) return [];
    const { stdout } = await docker(['inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', ...containers]);
    return stdout.split(/\s+/).filter(Boolean);
  }

  /** `201 {"id":1,…}`; `0 ECONNREFUSED`, or nothing, when there is no answer. */
  async ask(method: string, path: string, body?: string): Promise<string> {
    const { api } = stackOf(this.#context);
    const words = ['exec', '-T', api.name, nodeIn(this.#context), '-e', ASK, method, path, ...(body ? [body] : [])];
    return (await this.run(words)).stdout.trim();
  }

  run(words: readonly string[], withinMs = DOWN_WITHIN_MS): Promise<Outcome> {
    const folder = folderOf(this.#context);
    const [file, ...first] = this.#compose;
    const place = ['--project-name', this.#project, '--file', `${folder}/${composeName(this.#context)}`];
    return command(file, [...first, ...place, ...words], { withinMs, env: this.#env, cwd: folder });
  }
}
