import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { startProgram } from '../../harness/program.ts';
import { createRandom } from '../../harness/random.ts';
import { connectTcp, formatCount } from '../../harness/tcp-client.ts';
import { expectPattern } from './echo-client.ts';
import { Pattern } from './pattern.ts';

const SERVED_WITHIN_MS = 2_500;
const BINARY_BYTES = 10_000_000;

/** Texts that a server which reads lines, knows commands or tidies up would not send back as they came. */
const TEXTS = [
  'Hello, Tavern!',
  'a line\n',
  'two lines\r\nand no end',
  '  spaces around  ',
  'quit\r\n',
  'exit\n',
  'bye',
  '.\r\n',
  '\x04',
  '\x1b[2J',
  'Grüße, 日本, 🐉',
];

export async function echoesText({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  const usually =
    'the server waits for a line end, greets, trims, or takes a word or a control character for a command';
  for (const text of TEXTS) {
    const bytes = Buffer.from(text);
    await client.write(bytes);
    await client.expectBytes(bytes, { sent: JSON.stringify(text), usually, withinMs: SERVED_WITHIN_MS });
  }
  const all = Buffer.from(TEXTS.join(''));
  await client.write(all);
  await client.expectBytes(all, { sent: 'all of them in one write', usually, withinMs: SERVED_WITHIN_MS });
  await client.writeSplit(all, createRandom(seed), 4);
  await client.expectBytes(all, { sent: 'all of them in many small writes', usually, withinMs: SERVED_WITHIN_MS });
}

export async function echoesBinary({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  const usually = 'the bytes pass through a string on their way: keep them in buffers';
  const everyValue = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  await client.write(everyValue);
  await client.expectBytes(everyValue, {
    sent: 'all 256 byte values from 00 to ff',
    usually,
    withinMs: SERVED_WITHIN_MS,
  });
  const pattern = new Pattern(seed, 'all');
  const sent = `${formatCount(BINARY_BYTES)} of seeded random binary`;
  void client.write(pattern.bytes(0, BINARY_BYTES));
  await expectPattern(client, pattern, BINARY_BYTES, { sent, usually });
}

export async function echoesSingleBytes(): Promise<void> {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  for (let value = 0; value < 256; value += 1) {
    const byte = Buffer.of(value);
    await client.write(byte);
    await client.expectBytes(byte, {
      sent: `the byte ${value.toString(16).padStart(2, '0')} alone, after the echo of the one before it`,
      expected: 'that byte back, before any other is sent',
      usually:
        'the server waits for more: a whole character, a line, a full buffer. Or it takes a lone byte for a probe',
      withinMs: SERVED_WITHIN_MS,
    });
  }
}

export async function echoesCoalescedWrites({ seed }: CheckpointContext): Promise<void> {
  await using server = await startProgram();
  await using client = await connectTcp(server);
  await using bystander = await connectTcp(server);
  const random = createRandom(seed);
  const pattern = new Pattern(seed);
  const usually = 'writes overtake one another: an answer waits for a timer or a promise while the next one is written';
  const other = pattern.bytes(0, 16_384);
  let sentBytes = 0;
  let writes = 0;
  const send = (length: number): void => {
    void client.write(pattern.bytes(sentBytes, length));
    sentBytes += length;
    writes += 1;
  };
  // Small and large by turns. Every other time a second client makes a round trip in between, after which the server has
  // read the small one; the other times the two follow each other as closely as they can. The second client sends more
  // than a server that gathers small writes would gather: its round trip must not wait for the gathering to end.
  for (let round = 0; round < 40; round += 1) {
    send(random.int(1, 16));
    if (round % 2 === 0) {
      await bystander.write(other);
      await bystander.expectBytes(other, { usually: 'the server does not echo', withinMs: SERVED_WITHIN_MS });
    } else await nextTurn();
    send(random.int(20_000, 70_000));
    await nextTurn();
  }
  // Many in one turn: they leave in a few segments, and the server reads them merged.
  for (let round = 0; round < 2_000; round += 1) send(random.int(1, 100));
  const sent = `${formatCount(sentBytes)} in ${formatCount(writes, 'write')}, without waiting for an answer`;
  await expectPattern(client, pattern, sentBytes, { sent, usually, withinMs: SERVED_WITHIN_MS });
}
