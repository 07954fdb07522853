// The Tavern as it is: one process. brief.md says what it is to become; each TODO names the checkpoint it is missing for.
import './monolith/server.ts';
