import type { Service } from '../../labs/course-schema.ts';
import { postgresKit } from './postgres-kit.ts';
import { rabbitmqKit } from './rabbitmq-kit.ts';
import { redisKit } from './redis-kit.ts';
import type { ServerKit } from './server-kit.ts';

/** In the order in which they are shown. */
export const SERVICES = ['postgresql', 'redis', 'rabbitmq'] as const satisfies readonly Service[];

export const KITS: Readonly<Record<Service, ServerKit>> = {
  postgresql: postgresKit,
  redis: redisKit,
  rabbitmq: rabbitmqKit,
};

/** The environment variable that names a server of the learner's own. */
export const VARIABLES: Readonly<Record<Service, string>> = {
  postgresql: 'DATABASE_URL',
  redis: 'REDIS_URL',
  rabbitmq: 'AMQP_URL',
};
