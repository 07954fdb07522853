import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Settings } from './settings.ts';

export type SqsTopologySettings = Pick<Settings, 'queue' | 'deliveryLimit' | 'visibilityTimeoutS'>;

/** A FIFO queue dead-letters only into a FIFO queue, so there are two of each. */
export interface SqsUrls {
  /** For messages without a key. */
  readonly open: string;
  /** For those with one; a message group is a key. */
  readonly ordered: string;
  readonly openDead: string;
  readonly orderedDead: string;
}

/** Makes the four queues, or finds them. */
export async function declareSqsQueues(
  client: SQSClient,
  { queue, deliveryLimit, visibilityTimeoutS }: SqsTopologySettings,
  signal: AbortSignal,
): Promise<SqsUrls> {
  const declare = async (name: string, attributes: { [name: string]: string }): Promise<string> => {
    const fifo = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    const command = new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes, ...fifo } });
    const { QueueUrl } = await client.send(command, { abortSignal: signal });
    if (QueueUrl === undefined) throw new Error(`SQS gave no address for ${name}`);
    return QueueUrl;
  };
  const redriveTo = async (url: string) => {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
    const { Attributes } = await client.send(command, { abortSignal: signal });
    const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: deliveryLimit };
    return { VisibilityTimeout: String(visibilityTimeoutS), RedrivePolicy: JSON.stringify(policy) };
  };
  const [openDead, orderedDead] = await Promise.all([declare(`${queue}-dead`, {}), declare(`${queue}-dead.fifo`, {})]);
  const [open, ordered] = await Promise.all([
    redriveTo(openDead).then((attributes) => declare(queue, attributes)),
    redriveTo(orderedDead).then((attributes) => declare(`${queue}.fifo`, attributes)),
  ]);
  return { open, ordered, openDead, orderedDead };
}
