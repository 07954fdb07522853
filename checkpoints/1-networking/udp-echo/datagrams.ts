import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check, fail } from '../../harness/failure.ts';
import { createRandom } from '../../harness/random.ts';
import { formatCount } from '../../harness/tcp-client.ts';
import { openUdp } from '../../harness/udp-client.ts';
import { expectEcho, receiveFrom, withServer } from './server-run.ts';

const MAX_PAYLOAD_BYTES = 65_507;
const SEND_BUFFER_BYTES = 256 * 1024;

export async function echoesAnyBytes({ seed }: CheckpointContext): Promise<void> {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const payloads = [
      { sent: 'the text "hello"', bytes: Buffer.from('hello') },
      { sent: 'one byte, ff', bytes: Buffer.of(0xff) },
      { sent: 'one NUL byte', bytes: Buffer.of(0) },
      { sent: 'each of the 256 values of a byte', bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) },
      { sent: 'text with line ends', bytes: Buffer.from('\r\n one \n two \r\n') },
      { sent: '1,200 random bytes', bytes: Buffer.from(createRandom(seed).bytes(1_200)) },
    ];
    for (const { sent, bytes } of payloads) {
      await expectEcho(server, client, bytes, {
        sent,
        usually: 'bytes are made text and back on the way, and those that are no valid text are replaced or trimmed',
      });
    }
  });
}

export async function keepsBoundaries({ seed }: CheckpointContext): Promise<void> {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const random = createRandom(seed);
    const datagrams = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(`#${i} `.padEnd(random.int(10, 800), 'datagram ')),
    );
    // Stopped while they arrive, the server finds all of them waiting at once.
    server.kill('SIGSTOP');
    for (const datagram of datagrams) await client.send(datagram);
    server.kill('SIGCONT');
    const expectation = {
      sent: `${datagrams.length} datagrams of different lengths, all waiting when the server reads`,
      expected: 'each of them back, as one datagram of its own',
      usually:
        'what waits is gathered and sent in one go: UDP keeps boundaries, and the gathered one is another message',
    };
    const waiting = new Set(datagrams.map((datagram) => datagram.toString('latin1')));
    while (waiting.size > 0) {
      const { data } = await receiveFrom(server, client, expectation);
      check(waiting.delete(data.toString('latin1')), {
        ...expectation,
        received: `a datagram of ${formatCount(data.length)} that was not sent, or comes twice`,
      });
    }
  });
}

export async function echoesEmpty(): Promise<void> {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    const usually = 'a length of 0 is taken for "nothing came", as it would be on a stream';
    await expectEcho(server, client, '', {
      sent: 'a datagram of no bytes',
      expected: 'a datagram of no bytes',
      usually,
    });
    await expectEcho(server, client, 'after', { sent: 'a datagram of no bytes, then "after"', usually });
  });
}

export async function echoesLargest(): Promise<void> {
  await withServer({}, async (server) => {
    await using client = await openUdp(server);
    client.socket.setSendBufferSize(SEND_BUFFER_BYTES);
    for (const length of [1_473, 8_193, 9_217, MAX_PAYLOAD_BYTES]) {
      const bytes = Buffer.alloc(length, `one datagram of ${length} bytes `);
      await expectEcho(server, client, bytes, {
        sent: `a datagram of ${formatCount(length)}`,
        expected: `the same ${formatCount(length)} back, as one datagram`,
        usually:
          'the buffer is smaller than a datagram can be: what does not fit is cut off (or, on macOS, cannot be sent without a larger send buffer)',
      }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'EMSGSIZE') failToSend(length);
        throw error;
      });
    }
  });
}

function failToSend(length: number): never {
  fail({
    sent: `a datagram of ${formatCount(length)}`,
    expected: 'a system that sends it',
    received:
      'EMSGSIZE from this machine’s kernel, before your server saw anything: this checkpoint could not be judged',
    usually: 'a limit of the system, not of your server: on macOS, sudo sysctl -w net.inet.udp.maxdgram=65535',
  });
}
