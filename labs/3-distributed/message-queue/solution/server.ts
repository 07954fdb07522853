/** The Tavern's rewards by message. Start it with `AMQP_URL=… DATABASE_URL=… node server.ts`; `brief.md` has the contract. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpFace } from './http-face.ts';
import { Ledger } from './ledger.ts';
import { createLog, type Log } from './log.ts';
import type { Queue } from './queue.ts';
import { readSettings, type Settings } from './settings.ts';
import { Worker } from './worker.ts';

const log = createLog(process.env.LOG_LEVEL);
const reading = readSettings(process.env);
if (reading.ok) await run(reading.settings);
else {
  log.error({ message: reading.problem }, 'bad-setting');
  process.exitCode = 1;
}

/** Only the client of the broker that is used is loaded. */
async function openQueue(settings: Settings, log: Log): Promise<Queue> {
  switch (settings.broker) {
    case 'rabbitmq':
      return new (await import('./rabbit-queue.ts')).RabbitQueue(settings, log);
    case 'kafka':
      return new (await import('./kafka-queue.ts')).KafkaQueue(settings, log);
    case 'sqs':
      return new (await import('./sqs-queue.ts')).SqsQueue(settings, log);
  }
}

async function run(settings: Settings): Promise<void> {
  const queue = await openQueue(settings, log);
  if (!(await answersInTime(queue.connect(), settings.startTimeoutMs))) {
    const variable = { rabbitmq: 'AMQP_URL', kafka: 'KAFKA_BROKERS', sqs: 'SQS_ENDPOINT' }[settings.broker];
    log.error(
      { message: `the broker of ${variable} did not answer within ${settings.startTimeoutMs} ms` },
      'no-broker',
    );
    process.exit(1);
  }
  if (settings.role === 'redrive') await redrive(queue);
  else await serve(settings, queue);
}

async function redrive(queue: Queue): Promise<void> {
  try {
    const count = await queue.redrive();
    process.stdout.write(`REDRIVEN ${count}\n`);
    await queue.close();
    process.exit(0);
  } catch (error) {
    log.error({ message: (error as Error).message }, 'redrive-failed');
    process.exit(1);
  }
}

async function serve(settings: Settings, queue: Queue): Promise<void> {
  const { role, host } = settings;
  const face = createHttpFace(queue, role !== 'worker');
  try {
    face.listen(settings.port, host);
    await once(face, 'listening');
  } catch (error) {
    log.error({ message: listenProblem(error as NodeJS.ErrnoException, settings) }, 'cannot-listen');
    process.exit(1);
  }
  const ledger = role === 'publisher' ? undefined : new Ledger({ ...settings, log });
  const worker = ledger && new Worker(queue, ledger, { ...settings, log });
  await worker?.start();
  process.stdout.write(`READY ${(face.address() as AddressInfo).port}\n`);
  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({ signal, withinMs: settings.shutdownTimeoutMs }, 'stopping');
  // What is left at the deadline was not settled, so the broker has it still.
  setTimeout(() => process.exit(0), settings.shutdownTimeoutMs);
  await Promise.all([endFace(face), worker?.stop()]);
  await queue.close();
  await ledger?.close();
  log.info('stopped');
  process.exit(0);
}

/** Requests under way get their answers: their publishes have a timeout of their own. */
async function endFace(face: Server): Promise<void> {
  const closed = once(face, 'close');
  face.close();
  face.closeIdleConnections();
  await closed;
}

async function answersInTime(ready: Promise<void>, timeoutMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const answered = await Promise.race([ready.then(() => true), late]);
  clearTimeout(timer);
  return answered;
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: Settings): string {
  if (error.code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: stop what listens there or choose another PORT`;
  return `cannot listen on ${host} port ${port}: ${error.message}`;
}
