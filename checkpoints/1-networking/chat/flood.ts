import { firstDifference } from '../../harness/bytes.ts';
import { check, fail } from '../../harness/failure.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { type Patron, quote } from './patron.ts';

/** Bytes of one message of a flood, as the server sends it on. */
export const FLOOD_LINE_BYTES = 1_000;

/** How much a reader that keeps up ever has outstanding: less than the bound, so that it is never too slow itself. */
const FLOOD_WINDOW_LINES = 160;

function floodText(index: number): string {
  return `${index} `.padEnd(FLOOD_LINE_BYTES - 'MSG flo \n'.length, '.');
}

/**
 * `flo` talks and `fay` keeps up, window by window; a line that `fay` gets beside the messages is shown to `onOther`.
 * Ends after `maxBytes`, or when `done` says so.
 *
 * @returns how many messages were sent.
 */
export async function flood(options: {
  readonly flo: Patron;
  readonly fay: Patron;
  readonly maxBytes: number;
  /** Whether the line is as it should be. Default: none is. */
  readonly onOther?: (line: string) => boolean;
  readonly done?: () => boolean;
  readonly usually: string;
}): Promise<number> {
  const { flo, fay, maxBytes, onOther, done, usually } = options;
  const sent = 'a flood of messages, beside a client that does not read, to one that reads them as they come';
  const expected = 'every message for the client that reads, at once and in order';
  let count = 0;
  while (count * FLOOD_LINE_BYTES < maxBytes && !done?.()) {
    flo.send(...Array.from({ length: FLOOD_WINDOW_LINES }, (_, i) => `SAY ${floodText(count + i)}`));
    for (const end = count + FLOOD_WINDOW_LINES; count < end; ) {
      const line = await fay.line({ sent, expected, usually });
      if (line === `MSG flo ${floodText(count)}`) count += 1;
      else if (!onOther?.(line)) {
        const cause = line.startsWith('MSG ')
          ? 'a line that lies across two packets is lost: see the checkpoint "pieces"'
          : usually;
        fail({ sent, expected, received: quote(line.replace(/\.+$/, '')), usually: cause });
      }
    }
  }
  return count;
}

/** Reads as many messages of a flood, all at once, and fails unless each is there, whole and in order. */
export async function expectFlood(
  reader: Patron,
  count: number,
  expectation: { readonly sent: string; readonly usually: string },
): Promise<void> {
  const expected = `all ${formatCount(count * FLOOD_LINE_BYTES)} of the messages, in order`;
  const bytes = await reader.tcp.read(count * FLOOD_LINE_BYTES, { expected, ...expectation });
  const due = Buffer.from(Array.from({ length: count }, (_, i) => `MSG flo ${floodText(i)}\n`).join(''));
  const at = firstDifference(due, bytes);
  check(at < 0, {
    ...expectation,
    expected,
    received: `${quote(bytes.toString().split('\n')[Math.floor(at / FLOOD_LINE_BYTES)]?.replace(/\.+$/, '') ?? '')} among them`,
  });
}
