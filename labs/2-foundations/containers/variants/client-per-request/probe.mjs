import { connect } from 'node:net';

const socket = connect(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  socket.write('GET /livez HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n');
});
socket.setTimeout(2_000, () => process.exit(1));
socket.on('error', () => process.exit(1));
socket.once('data', (head) => process.exit(head.toString('latin1').startsWith('HTTP/1.1 200 ') ? 0 : 1));
socket.on('end', () => process.exit(1));
