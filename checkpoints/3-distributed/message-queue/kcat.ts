import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Service } from '../../../labs/course-schema.ts';
import { deadlineMs, within } from '../../harness/deadline.ts';
import { releaseGroup, watchGroup } from '../../harness/reaper.ts';
import { Unavailable } from '../../harness/unavailable.ts';
import { DebianError, extractDebian, locateDebian } from '../../services/debian-packages.ts';
import { takeLock } from '../../services/folder-lock.ts';
import { onPath } from '../../services/on-path.ts';
import { openFolder, placeIn } from '../../services/place.ts';
import { rabbitmqKit } from '../../services/rabbitmq-kit.ts';

/** The address of a Kafka, and what it is. */
export interface KafkaServer extends AsyncDisposable {
  readonly brokers: string;
  readonly against: string;
}

const START_DEADLINE_MS = 20_000;

/** The one in `KAFKA_BROKERS`, or else librdkafka's mock cluster, which Debian's kcat starts. */
export async function startKafka(): Promise<KafkaServer> {
  const named = process.env.KAFKA_BROKERS;
  if (named) return { brokers: named, against: `the Kafka of KAFKA_BROKERS`, [Symbol.asyncDispose]: async () => {} };
  const { program, env } = await locateKcat();
  // No one reads the topic that it consumes: a consumer that idles keeps the mock cluster alive.
  const options = ['-X', 'test.mock.num.brokers=1', '-X', 'allow.auto.create.topics=true'];
  const child = spawn(program, ['-C', '-b', 'ignored', '-t', 'seed', ...options], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (child.pid !== undefined) watchGroup(child.pid);
  const brokers = await addressOf(child);
  return { brokers, against: "librdkafka's mock cluster (kcat)", [Symbol.asyncDispose]: () => end(child) };
}

async function addressOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`kcat ended with ${code}: ${log.slice(-300)}`)));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    // Read to the end of its life: a pipe that nobody reads would freeze it.
    if (log.length < 10_000) log += text;
    const [, address] = /(?:replaced with|bootstrap\.servers=) ?(127\.0\.0\.1:\d+)/.exec(log) ?? [];
    if (address !== undefined) resolve(address);
  });
  return within(promise, deadlineMs(START_DEADLINE_MS), () => new Error(`kcat named no address: ${log.slice(-300)}`));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  releaseGroup(child.pid);
}

/** The program on the PATH, or from the packages that the clone keeps in its cache, which it is then fetched into. */
async function locateKcat(): Promise<{ program: string; env: Readonly<Record<string, string>> }> {
  const found = onPath('kcat', process.env);
  if (found !== undefined) return { program: found, env: {} };
  const place = placeIn();
  // Nothing of the kit but these two is asked for by those who fetch and find packages.
  const kit = { ...rabbitmqKit, service: 'kcat' as Service, debianPackages: ['kcat'] };
  // Run as we are: it is a client, and its cluster is ours alone.
  const own = { ...place, user: undefined };
  let why = 'this is no Debian, and it is not on the PATH';
  try {
    using _ = await takeLock(join(openFolder(place.folder), 'kcat.lock'));
    let programs = await locateDebian(kit, own, '');
    if (programs === undefined && (await extractDebian(kit, own, true, () => {}))) {
      programs = await locateDebian(kit, own, '');
    }
    if (programs !== undefined) return { program: join(programs.bin, 'kcat'), env: programs.env };
  } catch (error) {
    if (!(error instanceof DebianError)) throw error;
    why = error.message;
  }
  throw new Unavailable({
    missing: 'kafka',
    reason: `there is no Kafka, and kcat, which brings a small one, is not to be had: ${why}`,
    remedy: 'set KAFKA_BROKERS=host:port, or install kcat (apt install kcat, brew install kcat)',
  });
}
