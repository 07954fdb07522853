/**
 * The experiment of the write-up RabbitMQ, Kafka or SQS?: the message-queue lab's one contract over three brokers, and
 * what their semantics make of it. RabbitMQ is real; Kafka is librdkafka's mock cluster and SQS an emulator, so what is
 * measured on all three is what a protocol decides, and not how fast anything is. About a minute and a half.
 *
 *     npm run record -- --experiment rabbitmq-kafka-or-sqs
 */
import { CALLS, type Calls, measureCalls } from './calls.ts';
import { type Left, measureLeft } from './left.ts';
import { measurePace, PACE, type Pace } from './pace.ts';
import { type BrokerName, closeBrokers, PLACES, type Place } from './queues.ts';
import { measureRedelivery, REDELIVERY, type Redelivery } from './redelivery.ts';
import { measureWaits, WAITS, type Wait } from './waits.ts';

export { plotBrokers } from './broker-plots.ts';

export interface BrokerFigures {
  readonly parameters: {
    readonly redelivery: typeof REDELIVERY;
    readonly waits: typeof WAITS;
    readonly calls: typeof CALLS;
    readonly pace: typeof PACE;
  };
  readonly notes: readonly string[];
  readonly results: {
    readonly against: Readonly<Record<BrokerName, string>>;
    readonly redelivery: readonly Redelivery[];
    readonly waits: readonly Wait[];
    readonly calls: readonly Calls[];
    readonly left: readonly Left[];
    readonly pace: Pace;
  };
}

const BROKERS = Object.keys(PLACES) as BrokerName[];

const NOTES: readonly string[] = [
  'RabbitMQ is the real one, with one node. Kafka is the mock cluster of librdkafka with one broker, SQS the emulator fauxqs: both keep everything in memory, and neither has a network.',
  'All three are asked by the adapters of the lab message-queue, through the same worker. Another client may batch more, or less.',
  'No effect is written anywhere: a worker notes what it is handed and what it has settled.',
  'The mocks cannot tell: what survives a disk or a machine, replication, how long a real group takes to rebalance, throttling, limits of an account, latency over a network, cost. Speed is measured for RabbitMQ alone.',
];

export async function runBrokers(onProgress: (line: string) => void = console.error): Promise<BrokerFigures> {
  try {
    const against = {} as Record<BrokerName, string>;
    const redelivery: Redelivery[] = [];
    const waits: Wait[] = [];
    const calls: Calls[] = [];
    const left: Left[] = [];
    for (const broker of BROKERS) {
      const at = async <T>(what: string, work: (place: Place) => Promise<T>): Promise<T> => {
        onProgress(`${broker}: ${what} …`);
        await using place = await PLACES[broker]();
        against[broker] = place.against;
        return work(place);
      };
      for (const [end, noticeS] of cases()) {
        redelivery.push(await at(`${end}, ${noticeS} s`, (place) => measureRedelivery(place, end, noticeS)));
      }
      for (const keyed of [true, false]) {
        waits.push(...(await at(`fails, ${keyed ? 'with' : 'without'} a key`, (place) => measureWaits(place, keyed))));
      }
      await at('calls', async (place) => {
        calls.push(await measureCalls(place));
        left.push(await measureLeft(place, CALLS.messages));
      });
    }
    await using place = await PLACES.RabbitMQ();
    onProgress('RabbitMQ: pace …');
    const pace = await measurePace(place);
    const parameters = { redelivery: REDELIVERY, waits: WAITS, calls: CALLS, pace: PACE };
    return { parameters, notes: NOTES, results: { against, redelivery, waits, calls, left, pace } };
  } finally {
    await closeBrokers();
  }
}

/** Whoever is stopped is noticed by the same clocks at any setting: once is enough. */
function cases() {
  const [first = 3] = REDELIVERY.noticeS;
  return [...REDELIVERY.noticeS.map((noticeS) => ['killed', noticeS] as const), ['stopped', first] as const];
}
