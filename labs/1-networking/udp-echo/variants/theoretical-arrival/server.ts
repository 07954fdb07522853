/**
 * The same contract in another shape: an async iterator over datagrams, the generic cell rate algorithm in place of
 * token buckets, and a client made of callbacks on a socket that is not connected.
 */
import { runClient } from './client.ts';
import { required, serverConfig, variable } from './config.ts';
import { serve } from './serve.ts';

process.on('uncaughtException', (error) => {
  process.stderr.write(`udp-echo: ${error.message}\n`);
  process.exit(1);
});

const role = variable('ROLE') ?? 'server';
if (role === 'client') {
  runClient(
    {
      host: variable('TARGET_HOST') ?? '127.0.0.1',
      port: required('TARGET_PORT', 1, 65_535),
      count: required('COUNT', 1, 100_000, 100),
      intervalMs: required('INTERVAL_MS', 1, 60_000, 10),
      waitMs: required('WAIT_MS', 1, 60_000, 1_000),
    },
    (report) => process.stdout.write(`${JSON.stringify(report)}\n`),
  );
} else if (role === 'server') {
  await serve(serverConfig());
} else {
  throw new Error(`ROLE is "${role}"; it can be "server" or "client"`);
}
