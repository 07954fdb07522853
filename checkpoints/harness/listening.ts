import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { deadlineMs } from './deadline.ts';
import { fail } from './failure.ts';
import type { Program } from './program.ts';

const CONNECTS_WITHIN_MS = 1_000;

/** Fails when the program, told to listen on 127.0.0.1, takes connections at another address of this machine, too. */
export async function expectLoopbackOnly(program: Program): Promise<void> {
  for (const host of otherAddresses()) {
    if (!(await accepts(host, program.port))) continue;
    fail({
      sent: `HOST=127.0.0.1, then a connection to port ${program.port} of ${host}`,
      expected: 'nobody who listens there',
      received: 'a connection',
      usually: 'HOST is not handed to listen, and without it a server listens at every address of the machine',
    });
  }
}

/** On Linux all of 127.0.0.0/8 leads to this machine; elsewhere another address may be missing. */
function otherAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = addresses
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map((each) => each.address);
  return process.platform === 'linux' ? ['127.0.0.2', ...outside] : outside;
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(deadlineMs(CONNECTS_WITHIN_MS)) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
