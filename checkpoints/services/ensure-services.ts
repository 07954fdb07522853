import type { Service } from '../../labs/course-schema.ts';
import type { ServiceAddresses } from '../harness/service.ts';

/** Where the services are, or why one is not to be had on this machine and how to get it. */
export type EnsuredServices =
  | { readonly ok: true; readonly addresses: ServiceAddresses }
  | { readonly ok: false; readonly missing: Service; readonly reason: string; readonly remedy: string };

const VARIABLES: Readonly<Record<Service, string>> = {
  postgresql: 'DATABASE_URL',
  redis: 'REDIS_URL',
  rabbitmq: 'AMQP_URL',
};

/** Finds each of the services. */
export async function ensureServices(names: readonly Service[]): Promise<EnsuredServices> {
  const addresses: { -readonly [S in Service]?: string } = {};
  for (const name of names) {
    const address = process.env[VARIABLES[name]];
    if (!address) {
      const remedy = `set ${VARIABLES[name]}`;
      return { ok: false, missing: name, reason: `${name} is not running`, remedy };
    }
    addresses[name] = address;
  }
  return { ok: true, addresses };
}
