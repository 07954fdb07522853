/** A workbook of its own in a temporary folder, for the tests: the real server on a small course, with pages of one line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { TemporaryCourse } from '../../checkpoints/cli/temporary-course.ts';
import { pollUntil } from '../../checkpoints/harness/deadline.ts';
import { repository } from '../../checkpoints/runner/repository.ts';
import { freePort } from '../tests/free-port.ts';
import type { RunEvent } from './events.ts';

/** A built page, as far as the workbook cares. */
export const PAGE = '<html><head></head><body><h2 id="run">Run it</h2></body></html>\n';

/** What the browser says of itself when somebody opens a page. */
export const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** A run as it is streamed. */
export interface Stream {
  readonly status: number;
  /** Grows as they come. */
  readonly events: RunEvent[];
  /** The stream has ended, or was cut off. */
  readonly over: Promise<unknown>;
  readonly request: ClientRequest;
}

export class TemporaryWorkbook implements AsyncDisposable {
  readonly course = new TemporaryCourse();
  port = 0;
  token = '';
  printed = '';
  /** The server that was started last. */
  child: ChildProcess | undefined;
  readonly #children: ChildProcess[] = [];
  /** Fewer connections than the server allows: it drops what is beyond. */
  readonly #agent = new Agent({ maxSockets: 50 });

  constructor() {
    for (const path of ['site/workbook', 'site/serve.ts', 'site/src/scripts', 'site/src/styles']) {
      cpSync(join(repository, path), join(this.course.root, path), { recursive: true });
    }
    this.course.write({
      // The pages are there already.
      'site/build.ts': 'export const buildIfStale = async () => ({ built: false });\n',
      'site/dist/index.html': PAGE,
      'site/dist/404.html': 'nothing\n',
      'site/dist/course/index.html': PAGE,
      'site/dist/labs/echo/index.html': PAGE,
      'site/dist/labs/sum/index.html': PAGE,
    });
  }

  /** Starts the server and opens a page to learn the token. */
  async open(env: NodeJS.ProcessEnv = {}): Promise<this> {
    await this.serve(env);
    const { text } = await this.ask('/labs/echo/', { headers: NAVIGATION });
    this.token = /name="workbook-token" content="([^"]+)"/.exec(text)?.[1] ?? '';
    return this;
  }

  /** Starts the server and waits until it serves. */
  async serve(env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.port = await freePort();
    this.start(this.port, env);
    await pollUntil(
      () => this.printed,
      (text) => text.includes('http://'),
      { withinMs: 30_000, otherwise: (text) => new Error(`the server is not there; it said:\n${text}`) },
    );
  }

  start(port: number, more: NodeJS.ProcessEnv = {}): ChildProcess {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(VITEST|TEST$|NODE_ENV$|HOST$|SITE_|VISUAL$|EDITOR$)/.test(name),
      ),
    );
    const child = spawn(process.execPath, ['checkpoints/cli/node-24.mjs', 'site/serve.ts'], {
      cwd: this.course.root,
      env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1', PORT: String(port), ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text;
      });
    }
    this.child = child;
    this.#children.push(child);
    return child;
  }

  /** One request as it stands: nothing is added but the Host. */
  async ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const sent = request({
      agent: this.#agent,
      host: '127.0.0.1',
      port: this.port,
      path,
      method,
      headers: given as Record<string, string>,
    });
    // A body that is refused is not read to its end.
    sent.on('error', () => {});
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  /** A call as a page of the server makes it, or with `headers` of another kind. */
  call(path: string, { method = 'POST', headers = {}, body = method === 'POST' ? '{}' : undefined }: Ask = {}) {
    return this.ask(`/_workbook/api/${path}`, {
      method,
      headers: { ...this.ownHeaders(), ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** A call and what its answer says. */
  async json(path: string, method = 'POST', body?: string): Promise<Record<string, unknown>> {
    const { status, text } = await this.call(path, { method, ...(body === undefined ? {} : { body }) });
    return { status, ...(JSON.parse(text) as Record<string, unknown>) };
  }

  ownHeaders(): Record<string, string> {
    return {
      origin: `http://127.0.0.1:${this.port}`,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
      'x-workbook-token': this.token,
    };
  }

  /** A call that is answered by a stream. */
  async stream(path: string, body = '{}'): Promise<Stream> {
    const sent = request({
      agent: this.#agent,
      host: '127.0.0.1',
      port: this.port,
      path: `/_workbook/api/${path}`,
      method: 'POST',
      headers: this.ownHeaders(),
    });
    sent.on('error', () => {});
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const events: RunEvent[] = [];
    let rest = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line) as RunEvent);
    });
    response.on('error', () => {});
    const over = new Promise((resolve) => response.once('close', resolve));
    return { status: response.statusCode ?? 0, events, over, request: sent };
  }

  read(path: string): string {
    return readFileSync(join(this.course.root, path), 'utf8');
  }

  exists(path: string): boolean {
    return existsSync(join(this.course.root, path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    this.course[Symbol.dispose]();
  }
}
