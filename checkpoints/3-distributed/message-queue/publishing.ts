import { deadlineMs } from '../../harness/deadline.ts';
import { check, fail } from '../../harness/failure.ts';
import { createTcpProxy, type TcpProxy } from '../../harness/faults/tcp-proxy.ts';
import { keyOf, PARTITIONS, partitionOf } from './broker.ts';
import { outcomesOf, post, postLines, publish } from './post.ts';
import { type Reward, reward, rewards } from './reward.ts';
import { Tavern } from './tavern.ts';

/** A proxy in front of a RabbitMQ, and the address by which a program goes through it. */
export async function proxyTo(url: string, seed: number): Promise<{ proxy: TcpProxy; url: string }> {
  const address = new URL(url);
  const proxy = await createTcpProxy({ upstream: { port: Number(address.port) }, seed });
  address.port = String(proxy.port);
  address.hostname = proxy.host;
  return { proxy, url: address.href };
}

export async function keepsWhatItConfirms(): Promise<void> {
  await using tavern = await Tavern.open();
  const program = await tavern.start({ ROLE: 'publisher' });
  const messages = [
    ...rewards(10, 'open', { adventurer: '\u00c5sa \u{1D505}' }),
    ...rewards(10, 'kept').map((each, i) => ({ ...each, key: keyOf(i % PARTITIONS, i) })),
  ];
  await publish(program, messages);
  for (const end of ['any', 0, 1, 2, 3]) {
    const wanted = messages.filter(({ key }) => end === (key === undefined ? 'any' : partitionOf(key)));
    await tavern.rabbit.expectReady(
      end,
      wanted.length,
      'messages go to another queue than the brief says: CRC-32 of the key',
    );
    const found = await tavern.rabbit.drain(end);
    for (const message of wanted) {
      const it = found.find(({ properties }) => properties.messageId === message.id);
      const sent = `a message ${message.key === undefined ? 'without a key' : 'with a key'}, which was confirmed`;
      check(it !== undefined, {
        sent,
        expected: 'the message in its queue, with its id as message-id',
        received: 'no such message-id',
        usually: 'the property message-id is not set',
      });
      check(it.properties.deliveryMode === 2, {
        sent,
        expected: 'delivery-mode 2, persistent',
        received: `delivery-mode ${it.properties.deliveryMode ?? 'not set'}`,
        usually: 'a message is not persistent by itself, however durable its queue is',
      });
      check((it.properties.headers?.key ?? undefined) === message.key, {
        sent,
        expected: message.key === undefined ? 'no header key' : 'the header key',
        received: 'another',
        usually: 'the key is known to the publisher only',
      });
      check(sameReward(it.content.toString('utf8'), message), {
        sent,
        expected: 'the message as JSON in the body',
        received: 'something else',
        usually: 'text is not written as UTF-8, or fields get lost',
        details: [it.content.toString('utf8').slice(0, 200)],
      });
    }
  }
}

function sameReward(text: string, wanted: Reward): boolean {
  try {
    const { id, adventurer, gold, key } = JSON.parse(text) as Reward;
    return id === wanted.id && adventurer === wanted.adventurer && gold === wanted.gold && key === wanted.key;
  } catch {
    return false;
  }
}

/** Bodies of which one line is none, and which line that is. */
function badBodies(): readonly (readonly [what: string, body: string, status: number])[] {
  const good = JSON.stringify(reward('good'));
  return [
    ['a last line that is not JSON', `${good}\n{`, 422],
    ['a line without an id', `${good}\n{"adventurer":"Brida","gold":5}\n`, 422],
    ['gold that is a text', `${good}\n${JSON.stringify({ ...reward('bad'), gold: '5' })}\n`, 422],
    ['gold of 0', `${good}\n${JSON.stringify({ ...reward('bad'), gold: 0 })}\n`, 422],
    ['a key with a space', `${good}\n${JSON.stringify({ ...reward('bad'), key: 'a b' })}\n`, 422],
    ['U+0000 in a name', `${good}\n${JSON.stringify({ ...reward('bad'), adventurer: 'a\0b' })}\n`, 422],
    ['1,001 lines', `${good}\n`.repeat(1_001), 422],
    ['a body of 2 MiB', `${good}\n${' '.repeat(2 * 1_048_576)}`, 413],
  ];
}

export async function publishesAllOrNothing(): Promise<void> {
  await using tavern = await Tavern.open();
  const program = await tavern.start({ ROLE: 'publisher' });
  for (const [what, body, status] of badBodies()) {
    const response = await postLines(program, body);
    const text = await response.text();
    check(response.status === status, {
      sent: `a good line, and ${what}`,
      expected: `status ${status}`,
      received: `status ${response.status}`,
      usually: 'a line is published as soon as it is read, or not looked at at all',
      details: [text.slice(0, 200)],
    });
    check(response.headers.get('content-type')?.startsWith('application/problem+json') ?? false, {
      sent: what,
      expected: 'a problem document (RFC 9457)',
      received: response.headers.get('content-type') ?? 'no type',
      usually: 'the error is answered by the framework, or as text',
    });
  }
  const ready = await tavern.rabbit.ready('any');
  check(ready === 0, {
    sent: 'requests with a good line and a bad one',
    expected: 'none of the good lines published',
    received: 'messages in the queue',
    usually: 'lines are published while later ones are still unread: look at all of them first',
  });
}

const TIMEOUT_MS = 500;

/** The brief says `PUBLISH_TIMEOUT_MS`; the rest is for a busy machine. Who waits without a limit stays longer. */
const ANSWER_WITHIN_MS = 12_000;

export async function failsWhenTheBrokerIsSilent(seed: number): Promise<void> {
  await using tavern = await Tavern.open();
  const { proxy, url } = await proxyTo(tavern.rabbit.url, seed);
  await using _ = proxy;
  const program = await tavern.start({ ROLE: 'publisher', AMQP_URL: url, PUBLISH_TIMEOUT_MS: String(TIMEOUT_MS) });
  await publish(program, rewards(3, 'before'));
  proxy.freeze();
  const answers = await post(program, rewards(5, 'frozen'), ANSWER_WITHIN_MS);
  check(
    answers.every(({ outcome }) => outcome === 'failed'),
    {
      sent: '5 messages, while the broker does not answer',
      expected: '5 failed',
      received: outcomesOf(answers),
      usually: 'a message counts as confirmed once it is written to the socket, where nobody reads it',
    },
  );
  proxy.unfreeze();
}

export async function reportsUnroutable(): Promise<void> {
  await using tavern = await Tavern.open();
  const program = await tavern.start({ ROLE: 'publisher' });
  const key = keyOf(2);
  await publish(program, [reward('first', { key }), reward('second')]);
  const { name } = tavern.rabbit;
  await tavern.rabbit.on((channel) => channel.unbindQueue(tavern.rabbit.queue(2), name, '2'));
  const mixed = Array.from({ length: 40 }, (_, i) =>
    reward(`mixed-${i}`, i % 4 === 1 ? { key } : { key: keyOf(i % 2) }),
  );
  const answers = await post(program, mixed);
  const expected = mixed.map((each) => (each.key === key ? 'unroutable' : 'confirmed'));
  const wrong = answers.findIndex(({ outcome }, i) => outcome !== expected[i]);
  if (wrong >= 0) {
    fail({
      sent: '40 messages in one request, 10 of them with a key whose queue is bound no more',
      expected: `"${expected[wrong]}" for ${expected[wrong] === 'confirmed' ? 'a message that has a queue' : 'a message that has none'}`,
      received: `"${answers[wrong]?.outcome}"`,
      usually:
        expected[wrong] === 'confirmed'
          ? 'what comes back is not matched with its own publish: many are under way at once'
          : 'the flag mandatory is not set: the broker drops what no queue takes, and confirms it',
      details: [outcomesOf(answers)],
    });
  }
  await tavern.rabbit.on((channel) => channel.bindQueue(tavern.rabbit.queue(2), name, '2'));
  await publish(program, [reward('third', { key })]);
}

export async function tellsANack(): Promise<void> {
  await using tavern = await Tavern.open();
  const program = await tavern.start({ ROLE: 'publisher' });
  const full = tavern.rabbit.queue('retry.9');
  // A queue of the checkpoint's own, which takes one message and refuses all others.
  await tavern.rabbit.on(async (channel) => {
    await channel.assertQueue(full, { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    await channel.bindQueue(full, tavern.rabbit.name, 'any');
  });
  await publish(program, [reward('fills')]);
  const answers = await post(program, [...rewards(3, 'refused'), reward('goes', { key: keyOf(1) })]);
  const expected = '3 failed, 1 confirmed';
  check(outcomesOf(answers) === expected, {
    sent: 'messages, of which a full queue refuses three (basic.nack) and one goes elsewhere',
    expected,
    received: outcomesOf(answers),
    usually: 'a nack counts as an answer like an ack, or a message that was refused is tried again without end',
    details: [`within ${deadlineMs(ANSWER_WITHIN_MS)} ms`, ...program.logTail()],
  });
}
