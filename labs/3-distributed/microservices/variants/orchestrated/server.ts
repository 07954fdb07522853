/** The same system with a saga that is led: quests tells the others what to do, and keeps a table of where each one stands. */
import { fileURLToPath } from 'node:url';
import { runSystem } from '../../solution/system.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

await runSystem({ service: fileOf('service.ts'), gateway: fileOf('../../solution/gateway.ts') });
