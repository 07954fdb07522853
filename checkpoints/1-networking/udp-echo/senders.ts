import { check } from '../../harness/failure.ts';
import { openUdp, type UdpClient } from '../../harness/udp-client.ts';
import { expectEcho, receiveFrom, withServer } from './server-run.ts';

export async function keepsSendersApart(): Promise<void> {
  await withServer({}, async (server) => {
    await using stack = new AsyncDisposableStack();
    const clients: UdpClient[] = [];
    for (let i = 0; i < 12; i += 1) clients.push(stack.use(await openUdp(server)));
    const rounds = 6;
    server.kill('SIGSTOP');
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, client] of clients.entries()) await client.send(`from ${i}, number ${round}`);
    }
    server.kill('SIGCONT');
    const sent = `${rounds} datagrams from each of ${clients.length} sockets, in turns`;
    const usually = 'the sender is kept in a variable that the next datagram overwrites before the reply is sent';
    const expected = 'every sender’s own datagrams, from the port of the ready line';
    for (const [i, client] of clients.entries()) {
      const own = new Set(Array.from({ length: rounds }, (_, round) => `from ${i}, number ${round}`));
      while (own.size > 0) {
        const { data, from } = await receiveFrom(server, client, { sent, expected, usually });
        check(own.delete(data.toString()), {
          sent,
          expected,
          received: `a sender got ${JSON.stringify(data.toString())}, which is not its own or comes twice`,
          usually,
        });
        check(from.port === server.port && from.address === server.host, {
          sent,
          expected,
          received: `a reply from ${from.address}, port ${from.port}; it was sent to port ${server.port}`,
          usually: 'a second socket sends the replies: connected clients and address translators drop what it sends',
        });
      }
    }
  });
}

export async function outlivesClosedPeers(): Promise<void> {
  await withServer({}, async (server) => {
    const expectation = {
      sent: 'datagrams from 20 sockets that are closed before the server answers, then one from a socket that stays',
      usually:
        'the ICMP "port unreachable" comes up as an error of a connected socket (ECONNREFUSED; a connection reset on Windows), and nobody handles it',
    };
    for (let round = 0; round < 2; round += 1) {
      // Opened first: the system may give a port that has just become free to the next socket, with the replies to it.
      await using stays = await openUdp(server);
      // Stopped, the server cannot answer before the sockets are closed.
      server.kill('SIGSTOP');
      for (let i = 0; i < 20; i += 1) {
        await using gone = await openUdp(server);
        for (let n = 0; n < 3; n += 1) await gone.send(`nobody waits for ${n}`);
      }
      server.kill('SIGCONT');
      // Twice: the error of a reply may only come up with what the server does next.
      for (const text of ['still there?', 'and now?']) await expectEcho(server, stays, text, expectation);
    }
  });
}
