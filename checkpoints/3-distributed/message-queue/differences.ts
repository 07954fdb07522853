/**
 * What differs from broker to broker, and no adapter can hide. The common checkpoints read what they expect from here,
 * the program has to say the same of itself (`GET /broker`), and a failure prints the row.
 */
export interface Difference {
  readonly broker: 'rabbitmq' | 'kafka' | 'sqs';
  readonly redeliveredAfter: 'connection-loss' | 'session-timeout' | 'visibility-timeout';
  readonly reportsUnroutable: boolean;
  readonly orderedBy: 'single-active-consumer' | 'partition' | 'message-group';
  readonly retryBlocks: 'key' | 'partition';
  readonly maxDelayMs: number | null;
  readonly countsDeliveries: boolean;
}

export const DIFFERENCES: { readonly [B in Difference['broker']]: Difference } = {
  rabbitmq: {
    broker: 'rabbitmq',
    redeliveredAfter: 'connection-loss',
    reportsUnroutable: true,
    orderedBy: 'single-active-consumer',
    retryBlocks: 'key',
    maxDelayMs: null,
    countsDeliveries: true,
  },
  kafka: {
    broker: 'kafka',
    redeliveredAfter: 'session-timeout',
    reportsUnroutable: false,
    orderedBy: 'partition',
    retryBlocks: 'partition',
    maxDelayMs: null,
    countsDeliveries: false,
  },
  sqs: {
    broker: 'sqs',
    redeliveredAfter: 'visibility-timeout',
    reportsUnroutable: true,
    orderedBy: 'message-group',
    retryBlocks: 'key',
    maxDelayMs: 900_000,
    countsDeliveries: true,
  },
};

/** The table, for the details of a failure. */
export function tableOfDifferences(): string[] {
  const rows = Object.values(DIFFERENCES).map((row) => Object.values(row).map(String));
  const heads = Object.keys(DIFFERENCES.rabbitmq);
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [heads, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
