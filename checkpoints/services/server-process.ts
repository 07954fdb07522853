import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { deadlineMs } from '../harness/deadline.ts';
import { awaitRecorded, type Detached, forgetProcess, recordedAndRunning, startDetached } from './detached-process.ts';
import { shakeHands } from './handshake.ts';
import { type Ending, endProcess, type ProcessIdentity } from './process-identity.ts';
import type { Berth, Programs, ServerKit } from './server-kit.ts';

/** A server did not come up. The message says what was expected, what came, and where its log is. */
export class ServerStartError extends Error {
  readonly code = 'SERVER_START';
  /** Somebody else took the port meanwhile: another one may do. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.name = 'ServerStartError';
    this.portTaken = portTaken;
  }
}

/** A free port may be taken before the server has it; three times in a row, something else is wrong. */
const PORT_ATTEMPTS = 3;
const POLL_MS = 20;
const LOG_TAIL_LINES = 8;
/** RabbitMQ says `dist_port_already_used` of the port between its nodes. */
const PORT_TAKEN = /address already in use|could not bind|eaddrinuse|port .* already|port_already_used/i;
const ENDED = { ok: false, reason: 'it ended' } as const;
/** Of all services together. What prepares a server comes first: it may start nothing more. */
const RECORD_NAMES = ['initdb', 'server', 'epmd'] as const;

/** Tries again when a port was taken meanwhile: the server's own, or one that it uses beside it. */
export async function retryTakenPorts<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof ServerStartError && error.portTaken && attempt < PORT_ATTEMPTS)) throw error;
    }
  }
}

/**
 * Starts the processes of a server and waits until it answers in its own protocol.
 *
 * @param onProcess called with each process as it is started, each the leader of a group of its own.
 * @returns its URL.
 * @throws ServerStartError; then none of its processes is left.
 */
export async function startServer(
  kit: ServerKit,
  berth: Berth,
  programs: Programs,
  onProcess: (pid: number) => void = () => {},
): Promise<string> {
  const url = kit.urlOf(berth);
  const log = join(berth.folder, 'server.log');
  // The log of the time before is kept: it may say why that one ended.
  if (existsSync(log)) renameSync(log, `${log}.1`);
  let server: Detached | undefined;
  for (const { name, command, env } of await kit.plan(berth, programs)) {
    server = startDetached({
      command,
      cwd: berth.data,
      env,
      logFile: log,
      recordFile: recordOf(berth.folder, name),
      user: berth.user,
    });
    if (server.pid !== undefined) onProcess(server.pid);
  }
  const end = performance.now() + deadlineMs(kit.startDeadlineMs);
  for (;;) {
    // A stranger on the port may let us wait; our server's end says all.
    const hands = await Promise.race([shakeHands(kit.service, url), server?.exited.then(() => ENDED) ?? ENDED]);
    if (hands.ok) return url;
    const gone = server?.hasExited() === true;
    if (gone || performance.now() > end) {
      await endServer(kit, berth.folder);
      const seconds = Math.round(deadlineMs(kit.startDeadlineMs) / 1000);
      const came = gone ? 'it ended by itself' : `not within ${seconds} s (${hands.reason})`;
      const tail = tailOf(log);
      const text = [`${kit.service} was expected to answer on 127.0.0.1:${berth.port}; ${came}`, ...tail];
      throw new ServerStartError(text.join('\n  '), gone && PORT_TAKEN.test(tail.join('\n')));
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The server's own process, if it runs. */
export function runningServer(folder: string): ProcessIdentity | undefined {
  return recordedAndRunning(recordOf(folder, 'server'));
}

/** Whether any process of the server runs. */
export function hasProcesses(folder: string): boolean {
  return RECORD_NAMES.some((name) => recordedAndRunning(recordOf(folder, name)) !== undefined);
}

/** Ends all processes of a server that run, however far its start had come. Says what became of the server itself. */
export async function endServer(kit: Pick<ServerKit, 'stopSignal' | 'stopGraceMs'>, folder: string): Promise<Ending> {
  const endings = new Map<string, Ending>();
  for (const name of RECORD_NAMES) {
    const record = recordOf(folder, name);
    const identity = await awaitRecorded(record);
    const signal = name === 'server' ? kit.stopSignal : 'SIGTERM';
    const ending = identity ? await endProcess(identity, { signal, graceMs: kit.stopGraceMs }) : 'was gone';
    if (ending !== 'still there') forgetProcess(record);
    endings.set(name, ending);
  }
  return [...endings.values()].includes('still there') ? 'still there' : (endings.get('server') ?? 'was gone');
}

/** The last lines of a log, each as it is. */
export function tailOf(log: string, lines: number = LOG_TAIL_LINES): string[] {
  try {
    const text = readFileSync(log, 'utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-lines);
  } catch {
    return [];
  }
}

/** The file that names a process of a server. */
export function recordOf(folder: string, name: string): string {
  return join(folder, `${name}.process`);
}
