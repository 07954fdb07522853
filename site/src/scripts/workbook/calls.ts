/** How a page speaks to the server of its clone. */

const meta = document.querySelector<HTMLMetaElement>('meta[name="workbook-token"]');
/** Where the server's own things are, with a slash at both ends. */
const place = meta?.dataset.place ?? '/';
/** The folder that the site stands in, with a slash at both ends. */
export const base = place.replace(/[^/]+\/$/, '');

const GONE = 'The server does not answer. Start it again with npm start, then reload this page.';

/** The server said no, or nothing; the message is a sentence for the page. */
export class CallFailed extends Error {
  readonly code = 'CALL_FAILED';
}

/** One call with one answer, or with a stream of events. @throws CallFailed with what to tell. */
async function call(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${place}api/${path}`, {
      ...init,
      headers: { 'Content-Type': 'application/json', 'X-Workbook-Token': meta?.content ?? '' },
      cache: 'no-store',
    });
  } catch (error) {
    throw new CallFailed(GONE, { cause: error });
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as { error?: string };
  throw new CallFailed(answer.error ?? `The server answered ${response.status}.`);
}

export async function ask<T>(path: string): Promise<T> {
  return (await call(path, { method: 'GET' })).json() as Promise<T>;
}

/** Asks for something to be done. The answer is JSON, or a stream: see `eventsOf`. */
export function act(path: string, body: object = {}): Promise<Response> {
  return call(path, { method: 'POST', body: JSON.stringify(body) });
}

/** The events of a run as they come, one JSON document a line. @throws CallFailed when the server goes away. */
export async function* eventsOf<T>(response: Response): AsyncGenerator<T> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read().catch((error: unknown) => {
      throw new CallFailed(GONE, { cause: error });
    });
    if (done) return;
    const lines = `${rest}${value}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

export function isStream(response: Response): boolean {
  return response.headers.get('Content-Type') === 'application/x-ndjson';
}
