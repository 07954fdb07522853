import type { Env } from './tavern.ts';

/** A message that was put aside, whatever the broker. */
export interface DeadMessage {
  readonly id: string | undefined;
  readonly body: string;
  readonly attempts: number;
  readonly history: readonly unknown[];
}

/** A broker beside RabbitMQ, as the common checkpoints need it. */
export interface Bench extends AsyncDisposable {
  /** What the verdict holds for, in words. */
  readonly against: string;
  readonly env: Env;
  /** Value of `QUEUE`; nobody else has it. */
  readonly queue: string;
  /** All that was put aside since the bench was opened. */
  dead(): Promise<readonly DeadMessage[]>;
}
