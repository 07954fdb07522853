import type { Channel } from 'amqplib';

/** The types that each service hears of. */
export type Heard = Readonly<Record<string, readonly string[]>>;

export const HEARD: Heard = {
  accounts: ['reward.reserved'],
  quests: ['adventurer.engaged', 'reward.refused', 'reward.released'],
  rewards: ['account.registered', 'acceptance.requested', 'adventurer.refused'],
};

export interface Topology {
  readonly heard: Heard;
  readonly exchange: string;
  readonly queueOf: (service: string) => string;
  /** Where messages wait that nobody here can read, for a person or a newer version. */
  readonly parked: string;
}

export function topologyOf(prefix: string, heard: Heard = HEARD): Topology {
  return {
    heard,
    exchange: `${prefix}tavern`,
    queueOf: (service) => `${prefix}${service}`,
    parked: `${prefix}parked`,
  };
}

/** Every process declares all of it: an event that is published before its queue exists is lost. */
export async function declareTopology(channel: Channel, { heard, exchange, queueOf, parked }: Topology): Promise<void> {
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(parked, { durable: true });
  for (const [service, types] of Object.entries(heard)) {
    await channel.assertQueue(queueOf(service), { durable: true });
    for (const type of types) await channel.bindQueue(queueOf(service), exchange, type);
  }
}
