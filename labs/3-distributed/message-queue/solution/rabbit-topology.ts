import type { Channel } from 'amqplib';
import { PARTITIONS, partitionOf } from './message.ts';
import type { Settings } from './settings.ts';

export type TopologySettings = Pick<Settings, 'queue' | 'retryDelayMs' | 'deliveryLimit'>;

/** The routing key and, behind `<QUEUE>.`, the name of the queue for messages without a key. */
const ANY = 'any';

/** Where a message goes: one of the queues that keep order, or the one that does not. */
export function routeOf(key: string | undefined): string {
  return key === undefined ? ANY : String(partitionOf(key));
}

/** Names the delay: a queue cannot change its arguments, so another delay is another queue. */
export function retryQueue({ queue, retryDelayMs }: TopologySettings): string {
  return `${queue}.retry.${retryDelayMs}`;
}

export function deadQueue({ queue }: TopologySettings): string {
  return `${queue}.dead`;
}

/** The queues that workers consume. */
export function workQueues({ queue }: TopologySettings): string[] {
  return [ANY, ...Array.from({ length: PARTITIONS }, (_, i) => String(i))].map((route) => `${queue}.${route}`);
}

// #region topology
/**
 * Declares all of it. To declare what is there already, with the same arguments, changes nothing, so this runs after
 * every connect: the broker may be a new one.
 */
export async function declareTopology(channel: Channel, settings: TopologySettings): Promise<void> {
  const { queue, retryDelayMs, deliveryLimit } = settings;
  /** At least once: the broker lets go of the message only when the queue it moves to has confirmed it. */
  const deadLetters = (exchange: string, routingKey: string) => ({
    'x-queue-type': 'quorum',
    'x-dead-letter-exchange': exchange,
    'x-dead-letter-routing-key': routingKey,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
  await channel.assertExchange(queue, 'direct', { durable: true });
  await channel.assertQueue(deadQueue(settings), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (const name of workQueues(settings)) {
    const route = name.slice(queue.length + 1);
    const args = { ...deadLetters('', deadQueue(settings)), 'x-delivery-limit': deliveryLimit };
    const ordered = route === ANY ? {} : { 'x-single-active-consumer': true };
    await channel.assertQueue(name, { durable: true, arguments: { ...args, ...ordered } });
    await channel.bindQueue(name, queue, route);
  }
  const retry = { ...deadLetters(queue, ANY), 'x-message-ttl': retryDelayMs };
  await channel.assertQueue(retryQueue(settings), { durable: true, arguments: retry });
}
// #endregion topology
