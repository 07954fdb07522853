/**
 * UDP echo: `ROLE=server` sends every datagram back, `ROLE=client` measures what a path does to datagrams.
 * brief.md has the contract.
 */
import { once } from 'node:events';
import { measurePath } from './echo-client.ts';
import { EchoServer } from './echo-server.ts';
import { createLog } from './log.ts';
import { type ClientSettings, readSettings, type ServerSettings, SettingsError } from './settings.ts';

/** A stop that takes longer than this is cut short. */
const STOP_DEADLINE_MS = 1_000;

const log = createLog((line) => process.stderr.write(line));

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());

// #region main
try {
  const settings = readSettings(process.env);
  if (settings.role === 'client') await runClient(settings);
  else await runServer(settings);
} catch (error) {
  // Known causes get one line for the person at the terminal; anything else is a defect and keeps its stack.
  const message = explain(error);
  if (message === undefined) throw error;
  process.stderr.write(`udp-echo: ${message}\n`);
  process.exitCode = 1;
}
// #endregion main

async function runServer(settings: ServerSettings): Promise<void> {
  const server = await EchoServer.start(settings, log);
  process.stdout.write(`READY ${server.port}\n`);
  // #region on-signal
  await once(stopping.signal, 'abort');
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await server.stop(); // nothing is left that keeps the process alive: it ends with code 0
  // #endregion on-signal
}

async function runClient(settings: ClientSettings): Promise<void> {
  const report = await measurePath(settings, log, stopping.signal);
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function explain(error: unknown): string | undefined {
  if (error instanceof SettingsError) return error.message;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall !== 'bind') return undefined;
  const where = `${address ?? ''}:${port ?? ''}`;
  if (code === 'EADDRINUSE') return `port ${port} is in use: nothing can listen on ${where} (${code})`;
  return `cannot listen on ${where} (${code})`;
}
