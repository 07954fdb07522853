/** The kernel's own TCP under real loss, where this machine lets us make it. See `kernel-loss.py`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Distribution, distributionOf } from '../distribution.ts';
import type { HEAD_OF_LINE } from './head-of-line.ts';

export type KernelLossResult =
  | { readonly available: true; readonly streams: readonly KernelStream[] }
  /** `reason` for people: what this machine lacks. */
  | { readonly available: false; readonly reason: string };

export interface KernelStream {
  readonly loss: number;
  readonly sent: number;
  readonly latency: Distribution;
  /** Segments that the client's kernel sent again. */
  readonly retransmitted: number;
  readonly timeouts: number;
  readonly lostRetransmissions: number;
}

const SCRIPT = join(import.meta.dirname, 'kernel-loss.py');
const DEADLINE_MARGIN_MS = 40_000;
const run = promisify(execFile);

/** The same traffic as `runHeadOfLine`, at the same loss rates, all at once. */
export async function runKernelLoss(
  seed: number,
  parameters: Omit<typeof HEAD_OF_LINE, 'seconds'> & { readonly seconds: number },
): Promise<KernelLossResult> {
  if (process.platform !== 'linux') return { available: false, reason: 'needs Linux: network namespaces and TUN' };
  try {
    const streams = await Promise.all(parameters.losses.map((loss) => runStream(loss, seed, parameters)));
    return { available: true, streams };
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return { available: false, reason: stderr.trim().split('\n').at(-1) || message };
  }
}

async function runStream(
  loss: number,
  seed: number,
  parameters: Omit<typeof HEAD_OF_LINE, 'seconds'> & { readonly seconds: number },
): Promise<KernelStream> {
  const { connections, seconds, delayMs, messagesPerSecond, messageBytes } = parameters;
  const values = [loss, connections, seconds, delayMs, messagesPerSecond, messageBytes, seed].map(String);
  const { stdout, stderr } = await run(
    'unshare',
    ['--user', '--map-root-user', '--net', 'python3', SCRIPT, ...values],
    { timeout: seconds * 1000 + DEADLINE_MARGIN_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  if (stdout === '') throw new Error(stderr.trim() || 'kernel-loss.py printed nothing');
  const { expected, latencies, ...counts } = JSON.parse(stdout) as {
    readonly expected: number;
    readonly latencies: readonly number[];
    readonly retransmitted: number;
    readonly timeouts: number;
    readonly lostRetransmissions: number;
  };
  if (latencies.length !== expected)
    throw new Error(`the kernel's TCP brought ${latencies.length} of ${expected} back`);
  return { loss, sent: expected, latency: distributionOf(latencies, { unit: 'ms', binWidth: 5 }), ...counts };
}
