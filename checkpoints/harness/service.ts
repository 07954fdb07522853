import { targetUnderTest } from './target-under-test.ts';

/** As the manifest names them. */
export type ServiceName = 'postgresql' | 'redis' | 'rabbitmq';

/** The URL of each service that the lab needs, with the right to create what a run needs for itself. */
export type ServiceAddresses = { readonly [S in ServiceName]?: string };

/**
 * The URL of a service that the manifest names for the lab under test. It is shared with other runs: whoever uses it
 * makes a database, a key prefix or a virtual host of its own, and removes only that.
 */
export function serviceAddress(name: ServiceName): string {
  const address = targetUnderTest().services?.[name];
  if (address === undefined) throw new Error(`the manifest of this lab names no service "${name}"`);
  return address;
}
