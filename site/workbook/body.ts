import type { IncomingMessage } from 'node:http';

/** No call has more to say than the name of a file or of a checkpoint. */
export const MAX_BODY_BYTES = 4 * 1024;

export class BodyRefused extends Error {
  readonly code = 'BODY_REFUSED';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'BodyRefused';
    this.status = status;
  }
}

/**
 * Reads a small JSON object. An empty body is an empty object. How long it may take is the server's `requestTimeout`.
 *
 * @throws BodyRefused when it is too large, no JSON or no object.
 */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  // A form of a foreign page cannot have this type.
  if (request.headers['content-type'] !== 'application/json') {
    throw new BodyRefused(415, 'The body has to be application/json.');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new BodyRefused(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new BodyRefused(400, `The body is no JSON: ${(error as Error).message}`);
  }
  throw new BodyRefused(400, 'The body holds no JSON object.');
}
