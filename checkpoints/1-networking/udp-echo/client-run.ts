import { setImmediate as nextTurn } from 'node:timers/promises';
import { CheckpointFailure, check, fail, withDetails } from '../../harness/failure.ts';
import { exitOf, type Program, type ProgramExit, spawnProgram } from '../../harness/program.ts';
import type { TcpAddress } from '../../harness/tcp-client.ts';
import { describeCounts, type PathCounts, sameCounts } from './path-truth.ts';

export interface ClientPlan {
  readonly count: number;
  readonly intervalMs: number;
  readonly waitMs: number;
}

export interface ClientReport extends PathCounts {
  readonly rttMinMs: number | null;
  readonly rttP50Ms: number | null;
  readonly rttP99Ms: number | null;
}

const COUNTS = ['sent', 'received', 'lost', 'duplicated', 'reordered'] as const;
const TIMES = ['rttMinMs', 'rttP50Ms', 'rttP99Ms'] as const;
/** Starting a runtime, and being slow. */
const OVERHEAD_MS = 5_000;

/** Starts the program under test as a client. */
export function startClient(target: TcpAddress, plan: ClientPlan): Program {
  return spawnProgram({
    env: {
      ROLE: 'client',
      TARGET_HOST: target.host,
      TARGET_PORT: `${target.port}`,
      COUNT: `${plan.count}`,
      INTERVAL_MS: `${plan.intervalMs}`,
      WAIT_MS: `${plan.waitMs}`,
    },
  });
}

/** Runs the client to its end and returns its report; fails when it ends in another way or reports in another form. */
export async function runClient(target: TcpAddress, plan: ClientPlan): Promise<ClientReport> {
  await using client = startClient(target, plan);
  return await reportOf(client, plan);
}

/** Waits for the client's end and reads its report. */
export async function reportOf(client: Program, plan: ClientPlan): Promise<ClientReport> {
  const planned = (plan.count - 1) * plan.intervalMs + plan.waitMs;
  return withDetails(
    () => client.logTail(),
    async () => {
      const exit = await exitOf(client, planned + OVERHEAD_MS, () => notEnded(client, planned));
      await nextTurn(); // datagrams that it sent last may be read after the news of its end
      return readReport(client, exit);
    },
  );
}

/** Fails unless the counts of the report are these. */
export function checkCounts(report: ClientReport, truth: PathCounts, sent: string, usually: string): void {
  check(sameCounts(report, truth), {
    sent,
    expected: `the report: ${describeCounts(truth)}`,
    received: describeCounts(report),
    usually,
  });
}

function notEnded(client: Program, plannedMs: number): CheckpointFailure {
  const printed = client.stdout === '' ? 'nothing on standard output' : 'it has printed, but goes on running';
  return new CheckpointFailure({
    expected: 'a client that sends, waits WAIT_MS, reports and ends',
    received: `no end ${OVERHEAD_MS / 1000} s after the ${plannedMs.toLocaleString('en')} ms that it takes: ${printed}`,
    usually: 'it waits for each reply before it sends the next, or for as many replies as it has sent: some never come',
  });
}

function readReport(client: Program, { code, signal }: ProgramExit): ClientReport {
  const expected = 'one line of JSON on standard output with the report, and exit code 0';
  check(code === 0, {
    expected,
    received: `${signal ?? `exit code ${code}`}${client.stdout === '' ? ' and no report' : ''}`,
    usually: 'an error of the socket that nobody handles: its standard error says which',
  });
  const lines = client.stdout.split('\n').filter((line) => line.trim() !== '');
  const usually = 'something else is printed on standard output as well, or a field is missing or is text';
  check(lines.length === 1, { expected, received: `${lines.length} lines on standard output`, usually });
  const value = parse(lines[0] ?? '');
  for (const name of COUNTS) {
    check(Number.isInteger(value?.[name]), {
      expected: `a report with "${name}" as a whole number`,
      received: JSON.stringify(value?.[name]) ?? `no "${name}"`,
      usually,
    });
  }
  for (const name of TIMES) {
    check(value?.[name] === null || Number.isFinite(value?.[name]), {
      expected: `a report with "${name}" as a number of milliseconds, or null`,
      received: JSON.stringify(value?.[name]) ?? `no "${name}"`,
      usually,
    });
  }
  return value as unknown as ClientReport;
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  return fail({
    expected: 'the report as one JSON object on one line',
    received: JSON.stringify(line.slice(0, 200)),
    usually: 'it is printed as text, or spread over several lines',
  });
}
