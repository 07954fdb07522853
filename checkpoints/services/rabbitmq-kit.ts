import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateDebian } from './debian-packages.ts';
import { freePort } from './free-port.ts';
import { giveTo } from './home.ts';
import { isExecutable, onPath } from './on-path.ts';
import type { ServerKit } from './server-kit.ts';

/** The scripts themselves. What Debian puts on the PATH is a wrapper that wants to be root or `rabbitmq`. */
const FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/opt/rabbitmq/sbin', '/usr/local/opt/rabbitmq/sbin'];
const ERLANG_FOLDERS = ['/opt/homebrew/opt/erlang/bin', '/usr/local/opt/erlang/bin', '/usr/lib/erlang/bin'];
const USER = 'lab';

export const rabbitmqKit: ServerKit = {
  service: 'rabbitmq',
  stopSignal: 'SIGTERM',
  stopGraceMs: 15_000,
  startDeadlineMs: 60_000,
  debianPackages: ['rabbitmq-server'],

  async locate(place, home) {
    const bin = FOLDERS.find((folder) => isExecutable(join(folder, 'rabbitmq-server')));
    const erlang = onPath('erl', place.env, ERLANG_FOLDERS);
    const epmd = onPath('epmd', place.env, ERLANG_FOLDERS);
    if (bin === undefined || erlang === undefined || epmd === undefined) return locateDebian(rabbitmqKit, place, home);
    return { from: bin, bin, env: { PATH: `${epmd}:${erlang}:${place.env.PATH ?? ''}` } };
  },

  async prepare({ data, port, password, settings, user }) {
    await Promise.all(['mnesia', 'log'].map((name) => mkdir(join(data, name), { recursive: true })));
    const all = {
      'listeners.tcp.1': `127.0.0.1:${port}`,
      default_user: USER,
      default_pass: password,
      'disk_free_limit.absolute': '50MB',
      'log.console.level': 'warning',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(join(data, 'rabbitmq.conf'), lines.join(''), { mode: 0o600 });
    await writeFile(join(data, 'enabled_plugins'), '[].\n');
    await giveTo(data, user, true);
  },

  async plan({ data }, { bin, env }) {
    const epmdPort = String(await freePort());
    const common = {
      PATH: process.env.PATH ?? '',
      LC_ALL: 'C.UTF-8',
      HOME: data,
      ...env,
      // The register of nodes, by which they find each other. A private one: the system's, or another clone's, would
      // refuse a second node of this name.
      ERL_EPMD_PORT: epmdPort,
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
    return [
      { name: 'epmd', command: [findEpmd(common.PATH), '-port', epmdPort, '-address', '127.0.0.1'], env: common },
      {
        name: 'server',
        command: [join(bin, 'rabbitmq-server')],
        env: {
          ...common,
          // Always the same: the data folder holds the node's name.
          RABBITMQ_NODENAME: `${USER}@localhost`,
          RABBITMQ_MNESIA_BASE: join(data, 'mnesia'),
          RABBITMQ_LOG_BASE: join(data, 'log'),
          RABBITMQ_LOGS: '-',
          RABBITMQ_CONFIG_FILE: join(data, 'rabbitmq.conf'),
          RABBITMQ_CONF_ENV_FILE: '/dev/null',
          RABBITMQ_ENABLED_PLUGINS_FILE: join(data, 'enabled_plugins'),
          RABBITMQ_PID_FILE: join(data, 'rabbitmq.pid'),
          RABBITMQ_DIST_PORT: String(await freePort()),
          // The script then turns into the server, so that its pid is the server's.
          RUNNING_UNDER_SYSTEMD: 'true',
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false',
        },
      },
    ];
  },

  urlOf: ({ port, password }) => `amqp://${USER}:${password}@127.0.0.1:${port}`,
};

function findEpmd(path: string): string {
  return join(onPath('epmd', { PATH: path }) ?? '/usr/bin', 'epmd');
}
