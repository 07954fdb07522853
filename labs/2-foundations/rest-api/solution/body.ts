import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

// #region media-type
/**
 * Refuses a body of another media type, charset or coding than `type` in plain UTF-8, before it is read.
 *
 * @throws Problem 415, with what is accepted instead (RFC 9110 §15.5.16).
 */
export function requireMediaType({ headers, method }: IncomingMessage, type: string): void {
  const accept = { [method === 'PATCH' ? 'Accept-Patch' : 'Accept']: type };
  const [media = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  if (media !== type) {
    throw new Problem('unsupported-media-type', `The body must be ${type}.`, { headers: accept });
  }
  // RFC 8259 §8.1: JSON between systems is UTF-8. A client that says otherwise would be misread.
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && charset.replaceAll('"', '') !== 'utf-8') {
    throw new Problem('unsupported-media-type', 'The body must be in UTF-8.', { headers: accept });
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body must come without a content coding.', {
      headers: { ...accept, 'Accept-Encoding': 'identity' },
    });
  }
}
// #endregion media-type

// #region read-body
/**
 * Reads a body of at most `maxBytes`.
 *
 * @throws Problem 413 as soon as it is known to be larger: by its Content-Length, or by what has come.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new Problem('too-large', `The body may have ${maxBytes} bytes at the most.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else settle(() => reject(tooLarge()));
    };
    const end = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const lost = (): void => settle(() => reject(new Problem('malformed', 'The body ended before its end.')));
    // Whoever answers goes on with the stream as it is: reading the rest of it is a decision of its own.
    const settle = (finish: () => void): void => {
      request.off('data', take).off('end', end).off('error', lost).off('close', lost);
      request.on('error', () => {});
      finish();
    };
    request.on('data', take).on('end', end).on('error', lost).on('close', lost);
  });
}
// #endregion read-body

// #region ignore-body
/**
 * Waits for the end of a body that nobody needs: half of a request is none, and has no effect.
 *
 * @throws Problem 400 when the body ends before its end.
 */
export function ignoreBody(request: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Problem('malformed', 'The body ended before its end.'));
    request.once('end', resolve).on('error', lost).once('close', lost).resume();
  });
}
// #endregion ignore-body

/** The value of a JSON text. Of members with the same name the last one counts, as ECMAScript has it. */
export function parseJson(bytes: Buffer): unknown {
  try {
    // fatal: text that is not UTF-8 is refused, not mended with U+FFFD, which nobody has sent.
    return parseExactly(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new Problem('malformed', 'The body is not JSON in UTF-8.', { cause });
  }
}

function parseExactly(text: string): unknown {
  try {
    return JSON.parse(text, keepFractions);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.parse(text); // nested too deep for a reviver: none of our fields nests, so it is refused all the same
  }
}

/** As a double 9007199254740991.4 is a whole number, which nobody has sent. NaN is none, to every schema of ours. */
function keepFractions(_: string, value: unknown, { source = '' }: { readonly source?: string } = {}): unknown {
  return Number.isInteger(value) && !isWhole(source) ? Number.NaN : value;
}

/** Whether a number of JSON (RFC 8259 §6) is whole, as it is written. */
function isWhole(source: string): boolean {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(source) ?? [];
  const digits = whole + fraction;
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return end === 0 || Number(exponent) >= end - whole.length;
}
