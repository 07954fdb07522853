import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

/** An answer, or 0 where there was none. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Adventurer {
  readonly name: string;
  readonly token: string;
}

const PASSWORD = 'a long enough password';
const CONNECTIONS = 64;
const ANSWER_WITHIN_MS = 10_000;
const SETTLED_WITHIN_MS = 30_000;

/** A client of the Tavern with connections that stay open, as those of a front end would. */
export class TavernClient implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(origin: string) {
    this.#pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  }

  async ask(method: 'GET' | 'POST' | 'PUT', path: string, token = '', json?: unknown): Promise<Reply> {
    try {
      const { statusCode, body } = await this.#pool.request({
        method,
        path,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        },
        body: json === undefined ? null : JSON.stringify(json),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      return { status: statusCode, body: (await body.json()) as Reply['body'] };
    } catch {
      return { status: 0, body: {} };
    }
  }

  /** Like `ask`. @throws Error unless it succeeds. */
  async must(...request: Parameters<TavernClient['ask']>): Promise<Reply['body']> {
    const { status, body } = await this.ask(...request);
    if (status >= 200 && status < 300) return body;
    throw new Error(`${request[0]} ${request[1]}: status ${status} ${JSON.stringify(body)}`);
  }

  async register(): Promise<Adventurer> {
    const name = nameOf('adventurer');
    await this.must('POST', '/accounts', '', { name, password: PASSWORD });
    return { name, token: await this.logIn(name) };
  }

  async logIn(name: string): Promise<string> {
    return String((await this.must('POST', '/sessions', '', { name, password: PASSWORD })).token);
  }

  async fundGuild(token: string, gold: number): Promise<string> {
    const guild = nameOf('guild');
    await this.must('PUT', `/treasuries/${guild}/deposits/${randomUUID()}`, token, { gold });
    return guild;
  }

  async postQuest(token: string, guild: string, reward: number): Promise<string> {
    const quest = { title: 'Rats in the cellar', guild, reward, places: 20 };
    return String((await this.must('POST', '/quests', token, quest)).id);
  }

  /** Asks until an acceptance has ended. @returns how it ended; `pending` when it did not in time. */
  async settled(token: string, id: string, pauseMs: number, withinMs = SETTLED_WITHIN_MS): Promise<string> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { body } = await this.ask('GET', `/acceptances/${id}`, token);
      if (body.state === 'accepted' || body.state === 'refused') return body.state;
      if (performance.now() > end) return 'pending';
      await delay(pauseMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

export const nameOf = (kind: string): string => `${kind}-${randomBytes(6).toString('hex')}`;
