/** One service as a process of its own: `node service.ts <name>`, started and ended by the supervisor. */
import { DEFINITIONS } from './definitions.ts';
import { serveAs } from './start-service.ts';

await serveAs(process.argv[2] ?? '', DEFINITIONS);
