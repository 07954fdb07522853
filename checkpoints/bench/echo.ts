/**
 * `npm run bench -- echo`: the tcp-echo solutions against a plain `socket.pipe(socket)`, 64 connections, one run.
 *
 * The machine's cores are shared and its mood changes, so the servers take turns (A B C D, B C D A, …) and are compared
 * by the ratio within a round. Latency is of a closed loop: 64 messages are under way, and each waits for the others.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { type Program, startProgram } from '../harness/program.ts';
import type { EchoLoad, EchoLoadResult } from './echo-load.ts';
import { BASELINE, findSolutions } from './servers-under-load.ts';

export const ECHO_BENCH = {
  warmUpRounds: 3,
  rounds: 15,
  connections: 64,
  messageBytes: 64,
  windowBytes: 64 * 1024,
  turnMs: 400,
} as const;

/** The TypeScript solution stays within this of the baseline. */
export const TARGET_RATIO = 0.9;

export interface EchoBenchRow {
  readonly server: string;
  /** Medians of the rounds. */
  readonly echoesPerSecond: number;
  readonly megabytesPerSecond: number;
  /** From all rounds, merged. */
  readonly latencyP50Us: number;
  readonly latencyP99Us: number;
  /** The server's processor time; undefined where the system does not tell. */
  readonly cpuUsPerEcho: number | undefined;
  readonly cpuUsPerMegabyte: number | undefined;
  /** Against the baseline of the same round: median, least and greatest. */
  readonly echoesRatio: readonly [median: number, min: number, max: number];
  readonly megabytesRatio: readonly [median: number, min: number, max: number];
}

export interface EchoBenchResult {
  readonly parameters: typeof ECHO_BENCH;
  readonly rows: readonly EchoBenchRow[];
  /** Servers that could not be started here, with the reason. */
  readonly missing: readonly { readonly server: string; readonly reason: string }[];
}

const run = promisify(execFile);
const LOAD_DEADLINE_MS = 300_000;

/** About a minute. All servers run at once; those that are not at their turn have nothing to do. */
export async function runEchoBench(): Promise<EchoBenchResult> {
  const solutions = await findSolutions('tcp-echo', ['solution', 'solution-python', 'solution-csharp']);
  const servers = [BASELINE, ...solutions];
  const present = servers.filter((server) => server.ok);
  await using programs = new AsyncDisposableStack();
  const started: Program[] = [];
  for (const { target } of present) started.push(programs.use(await startProgram({ target })));
  const load: EchoLoad = { ...ECHO_BENCH, servers: started.map(({ port, pid }) => ({ port, pid })) };
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'echo-load.ts'), JSON.stringify(load)], {
    timeout: LOAD_DEADLINE_MS,
  });
  const results = JSON.parse(stdout) as EchoLoadResult[];
  const [baseline] = results;
  if (baseline === undefined) throw new Error('the load generator gave no results');
  return {
    parameters: ECHO_BENCH,
    rows: results.map((result, i) => summarize(present[i]?.name ?? '', result, baseline)),
    missing: servers.flatMap((server) => (server.ok ? [] : [{ server: server.name, reason: server.reason }])),
  };
}

function summarize(server: string, result: EchoLoadResult, baseline: EchoLoadResult): EchoBenchRow {
  const histogram = decodeFromCompressedBase64(result.histogram);
  const ratios = (rate: 'echoesPerSecond' | 'megabytesPerSecond'): readonly [number, number, number] => {
    const values = result[rate].map((value, round) => value / (baseline[rate][round] ?? Number.NaN));
    return [hundredths(median(values)), hundredths(Math.min(...values)), hundredths(Math.max(...values))];
  };
  return {
    server,
    echoesPerSecond: Math.round(median(result.echoesPerSecond)),
    megabytesPerSecond: Math.round(median(result.megabytesPerSecond)),
    latencyP50Us: histogram.getValueAtPercentile(50),
    latencyP99Us: histogram.getValueAtPercentile(99),
    cpuUsPerEcho: result.cpuUsPerEcho,
    cpuUsPerMegabyte: result.cpuUsPerMegabyte,
    echoesRatio: ratios('echoesPerSecond'),
    megabytesRatio: ratios('megabytesPerSecond'),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The result as a table for a terminal, with the verdict on the TypeScript solution below. */
export function formatEchoBench({ rows, missing, parameters }: EchoBenchResult): string {
  const header = ['server', 'echoes/s', 'of baseline', 'MB/s', 'of baseline', 'p50', 'p99', 'CPU/echo', 'CPU/MB'];
  const range = ([middle, min, max]: readonly [number, number, number]) =>
    `${middle.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  const cells = rows.map((row) => [
    row.server,
    row.echoesPerSecond.toLocaleString('en'),
    range(row.echoesRatio),
    String(row.megabytesPerSecond),
    range(row.megabytesRatio),
    `${(row.latencyP50Us / 1000).toFixed(2)} ms`,
    `${(row.latencyP99Us / 1000).toFixed(2)} ms`,
    row.cpuUsPerEcho === undefined ? '' : `${row.cpuUsPerEcho} µs`,
    row.cpuUsPerMegabyte === undefined ? '' : `${row.cpuUsPerMegabyte} µs`,
  ]);
  const typescript = rows.find(({ server }) => server.endsWith('TypeScript'));
  return [
    `${parameters.connections} connections, ${parameters.messageBytes}-byte messages; medians of ${parameters.rounds} rounds, ratios within a round`,
    '',
    ...alignColumns([header, ...cells]),
    ...missing.map(({ server, reason }) => `${server}: could not check: ${reason}`),
    ...(typescript === undefined ? [] : ['', verdict(typescript)]),
  ].join('\n');
}

function verdict({ echoesRatio, megabytesRatio }: EchoBenchRow): string {
  const within = meetsTarget({ echoesRatio, megabytesRatio }) ? 'within' : 'NOT within';
  return `TypeScript against socket.pipe(socket): ${echoesRatio[0]} of its echoes, ${megabytesRatio[0]} of its throughput: ${within} 10 %`;
}

/** Whether the solution stays within the target, by the median ratios. */
export function meetsTarget({
  echoesRatio,
  megabytesRatio,
}: Pick<EchoBenchRow, 'echoesRatio' | 'megabytesRatio'>): boolean {
  return echoesRatio[0] >= TARGET_RATIO && megabytesRatio[0] >= TARGET_RATIO;
}

/** First column left, the others right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(cell.length, all[i] ?? 0)), []);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
