/**
 * UDP echo: `ROLE=server` sends every datagram back, `ROLE=client` measures what a path does to datagrams.
 * brief.md has the contract. This much answers; the TODOs name what is missing, by checkpoint.
 */
import { measurePath } from './echo-client.ts';
import { startEchoServer } from './echo-server.ts';

// TODO(bad-settings): a value that is not valid, or a TARGET_PORT that is missing, ends the program with one clear line.
const env = process.env;

if (env.ROLE === 'client') {
  // TODO(stop): SIGTERM ends the run early, with a report of what there is and exit code 0.
  const report = await measurePath({
    targetHost: env.TARGET_HOST || '127.0.0.1',
    targetPort: Number(env.TARGET_PORT),
    count: Number(env.COUNT || 100),
    intervalMs: Number(env.INTERVAL_MS || 10),
    waitMs: Number(env.WAIT_MS || 1_000),
  });
  console.log(JSON.stringify(report));
} else {
  // TODO(port-in-use): a port that another program has is one clear line and an exit code other than 0.
  const port = await startEchoServer({ host: env.HOST || '127.0.0.1', port: Number(env.PORT || 7_007) });
  console.log(`READY ${port}`);
  // TODO(stop): SIGTERM closes the socket and ends the program with code 0.
}
