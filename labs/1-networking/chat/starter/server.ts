import { createServer, type Socket } from 'node:net';

// TODO(configuration): a wrong value in the environment ends the start with one clear line and a non-zero exit code.
const port = Number(process.env.PORT ?? 7070);
const host = process.env.HOST ?? '127.0.0.1';

interface Client {
  readonly socket: Socket;
  name: string | undefined;
  room: string | undefined;
}

const rooms = new Map<string, Set<Client>>();

// TODO(slow-reader): what waits for one client is bounded; whoever exceeds the bound is cut off, and nobody waits for it.
// TODO(late-reader): a client that reads late, with less than the bound waiting, gets every line.
function send(client: Client, line: string): void {
  client.socket.write(`${line}\n`);
}

function sendToOthers(client: Client, line: string): void {
  for (const member of rooms.get(client.room ?? '') ?? []) if (member !== client) send(member, line);
}

// TODO(leave-announced): every way in which a connection can end leads here, and the others hear of it exactly once.
function leave(client: Client): void {
  const members = rooms.get(client.room ?? '');
  if (!members || client.room === undefined) return;
  sendToOthers(client, `LEFT ${client.name}`);
  members.delete(client);
  if (members.size === 0) rooms.delete(client.room);
  client.room = undefined;
}

function here(client: Client): void {
  const names = [...(rooms.get(client.room ?? '') ?? [])].map((member) => member.name);
  send(client, ['HERE', client.room, ...names].join(' '));
}

// TODO(room-limit): at MAX_ROOMS no further room is made, and whoever wanted it stays where it is.
function join(client: Client, room: string): void {
  leave(client);
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(client));
  client.room = room;
  here(client);
  sendToOthers(client, `JOINED ${client.name}`);
}

// TODO(names): a name, or a room's name, that breaks the rules of the brief is refused with its error.
// TODO(unique-names): a name belongs to one connection at a time, whatever its case, and is free after its holder has gone.
// TODO(out-of-place): a command that is unknown, or has no place now, gets its own error and changes nothing.
function obey(client: Client, line: string): void {
  const [command = '', ...rest] = line.split(' ');
  const argument = rest.join(' ');
  switch (command) {
    case 'HELLO':
      client.name = argument;
      send(client, `WELCOME ${argument}`);
      break;
    case 'JOIN':
      join(client, argument);
      break;
    case 'LEAVE':
      leave(client);
      send(client, `LEFT ${client.name}`);
      break;
    case 'SAY':
      sendToOthers(client, `MSG ${client.name} ${argument}`);
      break;
    case 'WHO':
      here(client);
      break;
    case 'LIST':
      send(client, ['ROOMS', ...[...rooms].map(([room, { size }]) => `${room}=${size}`).sort()].join(' '));
      break;
    case 'PING':
      send(client, 'PONG');
      break;
    case 'QUIT':
      leave(client);
      client.socket.end('BYE QUIT see you\n');
      break;
  }
}

// TODO(full-house): beyond MAX_CLIENTS a client is told BYE SERVER_FULL and ended.
// TODO(handshake-timeout): a client that has no name after HANDSHAKE_TIMEOUT_MS is told so and ended, however busy it is.
// TODO(half-open): a client that is silent for HEARTBEAT_INTERVAL_MS is asked with PING, and ended when it stays silent.
// TODO(alive): a client that answers within HEARTBEAT_TIMEOUT_MS, or says anything at all, is not taken for gone.
// TODO(rate-limit): each client has a bucket of tokens, and a line that finds none is thrown away.
const server = createServer((socket) => {
  const client: Client = { socket, name: undefined, room: undefined };
  // TODO(pieces): a line may come in any number of pieces, and many may come at once.
  // TODO(line-ends): LF and CRLF end a line, and nothing else does; an empty line is ignored.
  // TODO(long-line): a line of more than 1,024 bytes is refused once, to its end, and never kept.
  // TODO(invalid-utf8): a line that is no valid UTF-8 is refused, and the next one is taken.
  // TODO(control-characters): a line with a control character is refused.
  socket.on('data', (chunk) => {
    for (const line of chunk.toString().split('\n')) obey(client, line.replace(/\r$/, ''));
  });
  socket.on('end', () => leave(client));
  // TODO(noise): whatever a client sends and however it breaks off, the server and everybody else go on.
});

// TODO(shutdown): SIGTERM stops accepting, sends everybody what they are owed and BYE SHUTDOWN, and exits with 0.
// TODO(hard-deadline): the stop takes DRAIN_TIMEOUT_MS at most, whoever does not read or does not end.
server.listen(port, host, () => {
  const address = server.address();
  console.log(`READY ${typeof address === 'object' ? address?.port : port}`);
});
