/**
 * The Tavern as a system of processes. Start it with `DATABASE_URL=postgres://… AMQP_URL=amqp://… node server.ts`;
 * `brief.md` has the whole contract.
 */
import { fileURLToPath } from 'node:url';
import { runSystem } from './system.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

await runSystem({ service: fileOf('service.ts'), gateway: fileOf('gateway.ts') });
