/** The calls that pages make. Every one has passed the guard before it comes here. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeFileError, isFileError } from '../../checkpoints/cli/file-error.ts';
import { Refusal } from '../../checkpoints/cli/refusal.ts';
import { builtLabs, type Course, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import { BodyRefused, readBody } from './body.ts';
import { askForDiff, filesOf, hint, requireAttempt, reset, standingOf, start } from './desk.ts';
import { findEditor, NO_EDITOR, openInEditor } from './editor.ts';
import type { Standing } from './events.ts';
import { MAX_RUNS, type Operation, Runs } from './runs.ts';

export interface ApiOptions {
  readonly course: Course;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Body = Readonly<Record<string, unknown>>;

interface Call {
  readonly placed: PlacedBuiltLab;
  readonly body: Body;
  readonly response: ServerResponse;
}

/** An answer in one piece; undefined when the call has taken the response over. */
type Answer = object | undefined;

/** A call that makes no sense at this moment. */
class Conflict extends Error {
  readonly code = 'WORKBOOK_CONFLICT';
  readonly status: number;

  constructor(message: string, status = 409) {
    super(message);
    this.name = 'Conflict';
    this.status = status;
  }
}

export class Api {
  /** The only way from what a page sends to a lab. */
  readonly #labs: ReadonlyMap<string, PlacedBuiltLab>;
  readonly #env: ApiOptions['env'];
  readonly #runs = new Runs();
  /** Labs of which the attempt is being made or moved. */
  readonly #moving = new Set<string>();

  constructor({ course, env }: ApiOptions) {
    this.#labs = new Map(builtLabs(course).map((placed) => [placed.lab.slug, placed]));
    this.#env = env;
  }

  /** @param path what follows the place of the API: `course`, `labs/<slug>` or `labs/<slug>/<act>`. */
  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#dispatch(path, request, response);
      if (answer !== undefined) sendJson(response, 200, answer);
    } catch (error) {
      const { status, text } = describe(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, status, { error: text });
    }
  }

  /** Ends every run, and waits for it. */
  close(): Promise<void> {
    return this.#runs.close();
  }

  async #dispatch(path: string, request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const isGet = request.method === 'GET';
    if (path === 'course' && isGet) {
      return { labs: [...this.#labs.values()].map((placed) => this.standingOf(placed)) };
    }
    const [, slug = '', act] = /^labs\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
    const placed = this.#labs.get(slug);
    if (!placed) throw new Conflict('There is no such lab.', 404);
    if (act === undefined && isGet) return this.standingOf(placed);
    const acts: Readonly<Record<string, ((call: Call) => Answer | Promise<Answer>) | undefined>> = {
      start: (call) => this.#start(call),
      test: (call) => this.#run(call, call.body.all === true ? 'test-all' : 'test'),
      watch: (call) => this.#run(call, 'watch'),
      answer: ({ body }) => ({ answered: this.#runs.answer(slug, body.yes === true) }),
      cancel: (call) => this.#cancel(call),
      hint: (call) => this.#hint(call),
      diff: (call) => this.#diff(call),
      reset: (call) => this.#reset(call),
      edit: (call) => this.#edit(call),
    };
    const work = Object.hasOwn(acts, act ?? '') ? acts[act ?? ''] : undefined;
    if (!work) throw new Conflict('There is nothing of that name to do.', 404);
    if (request.method !== 'POST') throw new Conflict('That is done with POST.', 405);
    return work({ placed, body: await readBody(request), response });
  }

  standingOf(placed: PlacedBuiltLab): Standing {
    return standingOf(placed, this.#runs.running(placed.lab.slug));
  }

  async #start({ placed }: Call): Promise<Answer> {
    await this.#move(placed, () => start(placed));
    return this.standingOf(placed);
  }

  async #reset({ placed }: Call): Promise<Answer> {
    // A watch follows the folder that takes the place of the old one.
    if (this.#runs.running(placed.lab.slug) === 'test') throw this.#underWay(placed);
    const kept = await this.#move(placed, () => reset(placed));
    return { kept, standing: this.standingOf(placed) };
  }

  #run({ placed, response }: Call, operation: Operation): Answer {
    const { slug } = placed.lab;
    if (this.#runs.running(slug) !== undefined || this.#moving.has(slug)) throw this.#underWay(placed);
    requireAttempt(placed);
    if (this.#runs.count >= MAX_RUNS) {
      throw new Conflict(`${MAX_RUNS} labs run already. End one of them first.`, 429);
    }
    this.#runs.start(slug, operation, response);
    return undefined;
  }

  async #cancel({ placed }: Call): Promise<Answer> {
    const cancelled = await this.#runs.cancel(placed.lab.slug);
    return { cancelled, standing: this.standingOf(placed) };
  }

  #hint({ placed, body }: Call): Answer {
    const { checkpoint } = body;
    if (checkpoint !== undefined && !placed.lab.checkpoints.some(({ id }) => id === checkpoint)) {
      throw new Conflict(`${placed.lab.slug} has no such checkpoint.`, 404);
    }
    return (
      hint(placed, checkpoint as string | undefined) ?? { text: `${placed.lab.slug} is green: no hint is needed.` }
    );
  }

  #diff(call: Call): Answer {
    if (this.#runs.running(call.placed.lab.slug) !== undefined) throw this.#underWay(call.placed);
    const early = askForDiff(call.placed);
    return early === undefined ? this.#run(call, 'diff') : { text: early };
  }

  async #edit({ placed, body }: Call): Promise<Answer> {
    requireAttempt(placed);
    const files = filesOf(placed);
    const name = body.file ?? [...files.keys()][0];
    const file = typeof name === 'string' ? files.get(name) : undefined;
    if (file === undefined) throw new Conflict('The attempt has no such file.', 404);
    const editor = findEditor(this.#env);
    if (!editor) throw new Conflict(`${NO_EDITOR} The file is ${placed.path}/attempt/${name}.`);
    const obstacle = await openInEditor(editor, file);
    if (obstacle !== undefined) throw new Conflict(`${obstacle} The file is ${placed.path}/attempt/${name}.`);
    return { text: `Opened ${name} with ${editor[0]}.` };
  }

  async #move<T>(placed: PlacedBuiltLab, work: () => Promise<T>): Promise<T> {
    const { slug } = placed.lab;
    if (this.#moving.has(slug)) throw this.#underWay(placed);
    this.#moving.add(slug);
    try {
      return await work();
    } finally {
      this.#moving.delete(slug);
    }
  }

  #underWay({ lab }: PlacedBuiltLab): Conflict {
    const what = this.#runs.running(lab.slug);
    if (what === 'watch')
      return new Conflict(`${lab.slug} is being watched already, perhaps by another page. End that first.`);
    const subject = what === 'diff' ? 'a comparison' : what === 'test' ? 'a run' : 'something';
    return new Conflict(`There is ${subject} of ${lab.slug} under way already. Wait for it, or cancel it.`);
  }
}

export function sendJson(response: ServerResponse, status: number, answer: object): void {
  // What is left of a refused request is not read.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer));
}

function describe(error: unknown): { readonly status: number; readonly text: string } {
  if (error instanceof Conflict || error instanceof BodyRefused) return { status: error.status, text: error.message };
  if (error instanceof Refusal) return { status: 409, text: [error.message, ...error.more].join(' ') };
  if (isFileError(error)) return { status: 500, text: describeFileError(error, 'do that') };
  console.error(error);
  return { status: 500, text: 'That is a defect of the workbook. The terminal in which it was started says more.' };
}
