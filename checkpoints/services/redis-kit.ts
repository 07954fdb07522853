import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateDebian } from './debian-packages.ts';
import { giveTo } from './home.ts';
import { onPath } from './on-path.ts';
import type { ServerKit } from './server-kit.ts';

const HOMEBREW = process.platform === 'darwin' ? ['/opt/homebrew/bin', '/usr/local/bin'] : [];

export const redisKit: ServerKit = {
  service: 'redis',
  // With a `save` line it writes its keys to the data folder first, and reads them when it starts again.
  stopSignal: 'SIGTERM',
  stopGraceMs: 5_000,
  startDeadlineMs: 10_000,
  debianPackages: ['redis-server'],

  async locate(place, home) {
    const bin = onPath('redis-server', place.env, HOMEBREW);
    return bin === undefined ? locateDebian(redisKit, place, home) : { from: join(bin, 'redis-server'), bin, env: {} };
  },

  async prepare({ data, port, password, durable, settings, user }) {
    const all = {
      port: String(port),
      bind: '127.0.0.1',
      dir: data,
      requirepass: password,
      ...(durable ? { save: '""', appendonly: 'yes', appendfsync: 'always' } : { save: '3600 1', appendonly: 'no' }),
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} ${value}\n`);
    // In a file and not on the command line, which every user of the machine may read.
    await writeFile(join(data, 'redis.conf'), lines.join(''), { mode: 0o600 });
    await giveTo(join(data, 'redis.conf'), user);
  },

  async plan({ data }, { bin, env }) {
    const command = [join(bin, 'redis-server'), join(data, 'redis.conf')] as const;
    return [{ name: 'server', command, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...env } }];
  },

  urlOf: ({ port, password }) => `redis://:${password}@127.0.0.1:${port}`,
};
