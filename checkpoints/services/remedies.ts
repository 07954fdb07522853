import { existsSync } from 'node:fs';
import type { Service } from '../../labs/course-schema.ts';
import { VARIABLES } from './kits.ts';

const APT: Readonly<Record<Service, string>> = {
  postgresql:
    'npm ci (it brings PostgreSQL along, unless optional packages are left out), or: sudo apt install postgresql',
  redis: 'sudo apt install redis-server',
  rabbitmq: 'sudo apt install rabbitmq-server',
};
const BREW: Readonly<Record<Service, string>> = {
  postgresql:
    'npm ci (it brings PostgreSQL along, unless optional packages are left out), or: brew install postgresql@18',
  redis: 'brew install redis',
  rabbitmq: 'brew install rabbitmq',
};

/** The one command that brings a service to this machine, and the other way. */
export function remedyFor(service: Service): string {
  const other = `set ${VARIABLES[service]} to a server of yours, or start Docker`;
  if (process.platform === 'darwin') return `${BREW[service]}; or ${other}`;
  if (process.platform === 'linux' && existsSync('/usr/bin/apt-get')) return `${APT[service]}; or ${other}`;
  return other;
}
