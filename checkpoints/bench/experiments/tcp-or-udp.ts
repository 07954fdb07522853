/**
 * The four experiments of the write-up TCP or UDP?, all on the loopback interface, in under three minutes.
 *
 *     npm run record -- --experiment tcp-or-udp                    measure, and write evidence and plots
 *     node checkpoints/bench/experiments/tcp-or-udp.ts             measure, and print
 *     node checkpoints/bench/experiments/tcp-or-udp.ts --plots     draw the plots from the recorded evidence
 *     node checkpoints/bench/experiments/tcp-or-udp.ts --check     exit 1 if a plot is not what the evidence gives
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, release, type } from 'node:os';
import { join } from 'node:path';
import { MIN_RTO_MS } from '../../harness/faults/retransmission-timeout.ts';
import { rounded } from '../distribution.ts';
import { type ModelStream, runClassicRecovery } from './classic-recovery.ts';
import { CONNECTION_COST, type ConnectionCostResult, runConnectionCost } from './connection-cost.ts';
import { DATAGRAM_SIZE, type DatagramSizeResult, runDatagramSize } from './datagram-size.ts';
import { HEAD_OF_LINE, runHeadOfLine, type StreamResult } from './head-of-line.ts';
import { type KernelLossResult, runKernelLoss } from './kernel-loss.ts';
import { NAGLE, type NagleResult, runNagle } from './nagle.ts';
import { drawConnectionCost, drawDatagramSize, drawHeadOfLine, drawNagle } from './tcp-or-udp-plots.ts';

export interface TcpOrUdpOptions {
  readonly seed?: number;
  /** Seconds of the head-of-line stream. Default: those of `HEAD_OF_LINE`. */
  readonly seconds?: number;
  /** Told what begins. */
  readonly onProgress?: (line: string) => void;
}

/** What the evidence holds beside its provenance. */
export interface TcpOrUdpFigures {
  readonly seed: number;
  readonly kernel: string;
  /** Processes that wanted to run at the start, over the last minute: above the number of cores, times are inflated. */
  readonly loadAverage: number;
  readonly parameters: {
    readonly headOfLine: typeof HEAD_OF_LINE | (Omit<typeof HEAD_OF_LINE, 'seconds'> & { readonly seconds: number });
    readonly nagle: typeof NAGLE;
    readonly connectionCost: typeof CONNECTION_COST;
    readonly datagramSize: typeof DATAGRAM_SIZE;
    readonly minRtoMs: number;
  };
  readonly notes: readonly string[];
  readonly results: {
    readonly headOfLine: {
      readonly streams: readonly StreamResult[];
      readonly kernelTcp: KernelLossResult;
      readonly model: readonly ModelStream[];
    };
    readonly nagle: readonly NagleResult[];
    readonly connectionCost: readonly ConnectionCostResult[];
    readonly datagramSize: readonly DatagramSizeResult[];
  };
}

const DEFAULT_SEED = 9293;

const NOTES: readonly string[] = [
  'Head of line, TCP: the kernel loses nothing on loopback, so loss, delay and recovery are those of the model in checkpoints/harness/faults, between real sockets to the tcp-echo solution. It finds losses as RFC 8985 (RACK) does and times out as RFC 6298 does; it has no congestion control and no tail loss probe.',
  'Head of line, kernelTcp: the same traffic over Linux TCP with real loss between two network namespaces, to hold the model against. It has congestion control and all else that the kernel does; its server is a plain echo of its own.',
  'Head of line, model: the same traffic over the model alone under a fake clock, with the recovery of RFC 5681 (three duplicate acknowledgements) and with RACK.',
  'Head of line, latency: from the moment at which a message was due until its echo was there, so 40 ms are the link. A loss in either direction counts. Datagrams that never came back are not in the distribution: compare sent and received.',
  'Connection cost over the link: the handshake is the model’s, one round trip before the first byte. Two round trips to the first echo, against one on an open connection.',
  'Nagle: the kernel’s own TCP on loopback, no proxy. How long an acknowledgement is delayed depends on the system; see kernel.',
  'Datagram size: loss in one direction only, a share of fragments. Wire bytes count IP and UDP headers, no Ethernet. Loopback throughput: sender and receiver in one process.',
];

/** Takes about two minutes. Starts the solutions of tcp-echo and udp-echo, and leaves nothing running. */
export async function runTcpOrUdp(options: TcpOrUdpOptions = {}): Promise<TcpOrUdpFigures> {
  const { seed = DEFAULT_SEED, seconds = HEAD_OF_LINE.seconds, onProgress = (line) => console.error(line) } = options;
  const headOfLine = { ...HEAD_OF_LINE, seconds };
  // The quick ones first and alone: they measure microseconds.
  const loadAverage = rounded(loadavg()[0] ?? 0);
  if (loadAverage > availableParallelism() / 2) {
    onProgress(`this machine is busy (load average ${loadAverage}): the times will be those of a busy machine`);
  }
  onProgress('connection cost …');
  const connectionCost = await runConnectionCost(seed);
  onProgress('datagram size …');
  const datagramSize = await runDatagramSize(seed);
  onProgress('Nagle and delayed acknowledgement …');
  const nagle = await runNagle();
  onProgress(`head-of-line blocking, ${seconds} s …`);
  const streams = await runHeadOfLine(seed, headOfLine);
  onProgress(`head-of-line blocking over the kernel’s TCP, ${seconds} s …`);
  const kernelTcp = await runKernelLoss(seed, headOfLine);
  if (!kernelTcp.available) onProgress(`  not on this machine: ${kernelTcp.reason}`);
  return {
    seed,
    kernel: `${type()} ${release().split('-')[0]}`,
    loadAverage,
    parameters: {
      headOfLine,
      nagle: NAGLE,
      connectionCost: CONNECTION_COST,
      datagramSize: DATAGRAM_SIZE,
      minRtoMs: MIN_RTO_MS,
    },
    notes: NOTES,
    results: {
      headOfLine: { streams, kernelTcp, model: runClassicRecovery(seed) },
      nagle,
      connectionCost,
      datagramSize,
    },
  };
}

/** The plots of a record, by file name. Depends on nothing but the record. */
export function renderPlots({ results }: Pick<TcpOrUdpFigures, 'results'>): Readonly<Record<string, string>> {
  return {
    'tcp-or-udp-hol.svg': drawHeadOfLine(results.headOfLine),
    'tcp-or-udp-nagle.svg': drawNagle(results.nagle),
    'tcp-or-udp-connect.svg': drawConnectionCost(results.connectionCost),
    'tcp-or-udp-goodput.svg': drawDatagramSize(results.datagramSize),
  };
}

const EVIDENCE_FOLDER = join(import.meta.dirname, '../../evidence/experiments');

/** Reads the record and writes its plots beside it; with `check`, writes nothing and names those that differ. */
export async function plotEvidence({ check }: { readonly check: boolean }): Promise<string[]> {
  const record = JSON.parse(await readFile(join(EVIDENCE_FOLDER, 'tcp-or-udp.json'), 'utf8')) as TcpOrUdpFigures;
  const differing: string[] = [];
  for (const [name, svg] of Object.entries(renderPlots(record))) {
    const file = join(EVIDENCE_FOLDER, name);
    if (svg === (await readFile(file, 'utf8').catch(() => undefined))) continue;
    differing.push(name);
    if (!check) await writeFile(file, svg);
  }
  return differing;
}

if (process.argv[1] === import.meta.filename) {
  const mode = process.argv[2];
  if (mode === '--plots' || mode === '--check') {
    const differing = await plotEvidence({ check: mode === '--check' });
    const state =
      mode === '--check'
        ? 'differs from the evidence; node checkpoints/bench/experiments/tcp-or-udp.ts --plots'
        : 'drawn';
    for (const name of differing) console.log(`${name}: ${state}`);
    if (mode === '--check' && differing.length > 0) process.exitCode = 1;
  } else {
    console.log(JSON.stringify(await runTcpOrUdp(), null, 2));
  }
}
