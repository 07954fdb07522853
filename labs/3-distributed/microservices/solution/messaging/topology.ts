import type { Channel } from 'amqplib';

/** Who hears of what. Every process declares all of it: an event that is published before its queue exists is lost. */
export const SUBSCRIPTIONS: Readonly<Record<string, readonly string[]>> = {
  accounts: ['reward.reserved'],
  quests: ['adventurer.engaged', 'reward.refused', 'reward.released'],
  rewards: ['account.registered', 'acceptance.requested', 'adventurer.refused'],
};

export interface Topology {
  readonly exchange: string;
  readonly queueOf: (service: string) => string;
  /** Where messages wait that nobody here can read, for a person or a newer version. */
  readonly parked: string;
}

export function topologyOf(prefix: string): Topology {
  return { exchange: `${prefix}tavern`, queueOf: (service) => `${prefix}${service}`, parked: `${prefix}parked` };
}

export async function declareTopology(channel: Channel, { exchange, queueOf, parked }: Topology): Promise<void> {
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(parked, { durable: true });
  for (const [service, types] of Object.entries(SUBSCRIPTIONS)) {
    await channel.assertQueue(queueOf(service), { durable: true });
    for (const type of types) await channel.bindQueue(queueOf(service), exchange, type);
  }
}
