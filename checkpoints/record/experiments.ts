export interface Experiment {
  /** Repository path of the module that runs it. */
  readonly module: string;
  /** Name of the exported function that measures: `() => Promise<object>`. */
  readonly run: string;
  /** Name of the exported function that draws the record: `({ check }) => Promise<string[]>`, the files that differ. */
  readonly plot: string;
  /** What its figures depend on: folders and files of the repository. */
  readonly inputs: readonly string[];
  /** What of these only draws: the figures stay true when it changes. */
  readonly drawing: readonly string[];
}

/** Experiments that `npm run record -- --experiment <name>` knows. */
export const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  'tcp-or-udp': {
    module: 'checkpoints/bench/experiments/tcp-or-udp.ts',
    run: 'runTcpOrUdp',
    plot: 'plotEvidence',
    inputs: [
      'checkpoints/bench/experiments',
      'checkpoints/bench/distribution.ts',
      'checkpoints/harness/faults',
      'checkpoints/harness/random.ts',
      'labs/1-networking/tcp-echo/solution',
      'labs/1-networking/udp-echo/solution',
    ],
    drawing: ['checkpoints/bench/experiments/tcp-or-udp-plots.ts', 'checkpoints/bench/plot.ts'],
  },
  'optimistic-or-pessimistic': {
    module: 'checkpoints/bench/contention/contention.ts',
    run: 'runContention',
    plot: 'plotContention',
    inputs: ['checkpoints/bench/contention', 'checkpoints/bench/distribution.ts', 'checkpoints/harness/random.ts'],
    drawing: ['checkpoints/bench/contention/contention-plots.ts', 'checkpoints/bench/plot.ts'],
  },
  'sessions-or-tokens': {
    module: 'checkpoints/bench/sign-in/sign-in.ts',
    run: 'runSignIn',
    plot: 'plotSignIn',
    inputs: ['checkpoints/bench/sign-in', 'checkpoints/bench/distribution.ts'],
    drawing: ['checkpoints/bench/sign-in/sign-in-plots.ts', 'checkpoints/bench/plot.ts'],
  },
  'which-cache-strategy': {
    module: 'checkpoints/bench/cache/which-cache-strategy.ts',
    run: 'runStrategies',
    plot: 'plotStrategies',
    inputs: [
      'checkpoints/bench/cache',
      'checkpoints/bench/distribution.ts',
      'checkpoints/harness/random.ts',
      'labs/3-distributed/cache/solution',
    ],
    drawing: ['checkpoints/bench/cache/strategy-plots.ts', 'checkpoints/bench/plot.ts'],
  },
  'monolith-or-microservices': {
    module: 'checkpoints/bench/monolith/monolith-or-microservices.ts',
    run: 'runSystems',
    plot: 'plotSystems',
    inputs: [
      'checkpoints/bench/monolith',
      'checkpoints/bench/distribution.ts',
      'checkpoints/bench/process-footprint.ts',
      'labs/3-distributed/microservices/solution',
      'labs/3-distributed/microservices/starter/monolith',
    ],
    drawing: ['checkpoints/bench/monolith/system-plots.ts', 'checkpoints/bench/plot.ts'],
  },
  'rabbitmq-kafka-or-sqs': {
    module: 'checkpoints/bench/brokers/rabbitmq-kafka-or-sqs.ts',
    run: 'runBrokers',
    plot: 'plotBrokers',
    inputs: [
      'checkpoints/bench/brokers',
      'checkpoints/bench/distribution.ts',
      'checkpoints/3-distributed/message-queue/kafka-bench.ts',
      'checkpoints/3-distributed/message-queue/kcat.ts',
      'checkpoints/3-distributed/message-queue/sqs-bench.ts',
      'labs/3-distributed/message-queue/solution',
    ],
    drawing: ['checkpoints/bench/brokers/broker-plots.ts', 'checkpoints/bench/plot.ts'],
  },
};
