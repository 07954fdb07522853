/** The workbook in a clone: everything that `npm start` adds to the pages of the site. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Course } from '../../labs/course-schema.ts';
import { Api, sendJson } from './api.ts';
import { ClientFiles } from './client-files.ts';
import { Guard, type Rejection, setProtectiveHeaders } from './guard.ts';
import { Pages } from './pages.ts';
import { Rate } from './rate.ts';

export interface WorkbookOptions {
  readonly course: Course;
  /** Absolute path of the built pages. */
  readonly folder: string;
  /** The folder that the site stands in, with a slash at both ends. */
  readonly base: string;
  /** The port that the server listens on. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The only address that a workbook is served on. */
export const WORKBOOK_HOST = '127.0.0.1';

/** A person presses a button now and then, and a page asks once a second at the most. */
const MAX_CALLS = 120;
const RATE_WINDOW_MS = 10_000;
/** Runs that stream included; a browser opens six to a host. */
const MAX_CALLS_AT_ONCE = 24;
const MAX_CONNECTIONS = 128;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

export class Workbook {
  readonly #base: string;
  readonly #place: string;
  readonly #guard: Guard;
  readonly #api: Api;
  readonly #pages: Pages;
  readonly #files = new ClientFiles();
  readonly #rate = new Rate(MAX_CALLS, RATE_WINDOW_MS);
  #atOnce = 0;

  constructor({ course, folder, base, port, env }: WorkbookOptions) {
    this.#base = base;
    this.#place = `${base}_workbook/`;
    this.#guard = new Guard(port);
    this.#api = new Api({ course, env });
    this.#pages = new Pages({
      course,
      folder,
      place: this.#place,
      token: this.#guard.token,
      standingOf: (placed) => this.#api.standingOf(placed),
    });
  }

  /** Answers what is the workbook's, and turns away what may not be asked here. False: the rest of the site answers. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    setProtectiveHeaders(response);
    const wrongHost = this.#guard.checkHost(request.headers);
    if (wrongHost) return reject(response, wrongHost);
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (path.startsWith(`${this.#place}api/`)) {
      return this.#call(path.slice(this.#place.length + 'api/'.length), request, response);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return reject(response, { status: 405, error: 'Pages are read with GET.' });
    }
    if (path.startsWith(`${this.#place}client/`)) {
      response.setHeader('Cache-Control', 'no-store');
      const found = this.#files.answer(path.slice(this.#place.length + 'client/'.length), response);
      return found || reject(response, { status: 404, error: 'There is no such file.' });
    }
    if (!path.startsWith(this.#base)) return false;
    return this.#page(path.slice(this.#base.length), request, response);
  }

  /** Bounds what anybody who can open the port can make the server hold. */
  protect(server: Server): void {
    server.maxConnections = MAX_CONNECTIONS;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /** Ends every run, and waits for it. */
  close(): Promise<void> {
    return this.#api.close();
  }

  #page(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    let text: string | undefined;
    try {
      text = this.#pages.read(path, this.#guard.mayCarryToken(request.headers));
    } catch (error) {
      // A page that is not there, an attempt that may not be read: no reason to end.
      console.error(error);
      return reject(response, { status: 500, error: `This page could not be made: ${(error as Error).message}` });
    }
    if (text === undefined) return false;
    response.writeHead(200, { 'Content-Type': 'text/html;charset=utf-8', 'Cache-Control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : text);
    return true;
  }

  #call(path: string, request: IncomingMessage, response: ServerResponse): true {
    response.setHeader('Cache-Control', 'no-store');
    // Before anything is counted: a foreign page must not be able to use up what the own pages may do.
    const rejection = this.#guard.checkSite(request.headers) ?? this.#guard.checkToken(request.headers);
    if (rejection) return reject(response, rejection);
    if (!this.#rate.take() || this.#atOnce >= MAX_CALLS_AT_ONCE) {
      return reject(response, { status: 429, error: 'That is too many calls at once. Wait a moment.' });
    }
    this.#atOnce += 1;
    response.once('close', () => {
      this.#atOnce -= 1;
    });
    void this.#api.answer(path, request, response);
    return true;
  }
}

function reject(response: ServerResponse, { status, error }: Rejection): true {
  sendJson(response, status, { error });
  return true;
}
