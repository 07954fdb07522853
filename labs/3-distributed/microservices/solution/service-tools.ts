import type { Database } from './database.ts';
import type { Outbox } from './messaging/outbox.ts';
import type { ServiceSettings } from './service-settings.ts';

/** What every service is given to work with. */
export interface ServiceTools {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly settings: ServiceSettings;
}
