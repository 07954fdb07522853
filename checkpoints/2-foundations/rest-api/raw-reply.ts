import type { Expectation } from '../../harness/expectation.ts';
import { check, fail } from '../../harness/failure.ts';
import type { TcpClient } from '../../harness/tcp-client.ts';

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const MAX_HEADER_LINES = 100;

/** Reads one answer of HTTP/1.1 with a Content-Length, as it stands on the wire. */
export async function readRawReply(client: TcpClient, expectation: Expectation): Promise<RawReply> {
  const statusLine = await client.readLine(expectation);
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(statusLine)?.[1]);
  check(status >= 100, () => ({
    ...(expectation.sent === undefined ? {} : { sent: expectation.sent }),
    expected: 'a status line of HTTP/1.1',
    received: JSON.stringify(statusLine.slice(0, 80)),
    usually: expectation.usually,
  }));
  const headers: Record<string, string> = {};
  for (let i = 0; ; i += 1) {
    const line = await client.readLine(expectation);
    if (line === '') break;
    const [name = '', ...rest] = line.split(':');
    headers[name.toLowerCase()] = rest.join(':').trim();
    if (i > MAX_HEADER_LINES)
      fail({ expected: 'a header section', received: 'no end of it', usually: expectation.usually });
  }
  if (status === 100) return readRawReply(client, expectation);
  const length = Number(headers['content-length'] ?? 0);
  const body = await client.read(length, expectation);
  return { status, headers, text: body.toString('utf8') };
}
