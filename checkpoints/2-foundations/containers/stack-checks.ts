import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check, fail } from '../../harness/failure.ts';
import {
  durationOf,
  environmentOf,
  imageOf,
  list,
  mountsOf,
  portsOf,
  record,
  type Service,
  startsAfter,
  worth,
} from './compose.ts';
import { settingsOf } from './dockerfile.ts';
import { shippedStage, stackOf } from './project.ts';
import { referencesIn } from './variables.ts';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const SECRET_NAME = /PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL/i;
/** Compose's own, when nothing is said. */
const DEFAULT_GRACE_MS = 10_000;
/** The server's own default of SHUTDOWN_TIMEOUT_MS. */
const DEFAULT_DRAIN_MS = 8_000;

export function startsInOrder(context: CheckpointContext): void {
  const { api, database } = stackOf(context);
  const condition = startsAfter(api, database.name);
  check(condition === 'service_healthy', {
    expected: `${api.name} to start once ${database.name} is healthy (condition: service_healthy)`,
    received: condition === undefined ? 'no depends_on between the two' : `condition: ${condition}`,
    usually: 'a plain depends_on waits until the container has started, which is seconds before the database answers',
  });
  const health = record(database.data.healthcheck);
  const test = Array.isArray(health.test)
    ? health.test.map(String)
    : health.test === undefined
      ? []
      : [String(health.test)];
  const isDisabled = health.disable === true || test[0] === 'NONE';
  check(test.length > 0 && !isDisabled, {
    expected: `a healthcheck of ${database.name} that asks the database itself`,
    received: isDisabled
      ? 'a healthcheck that is switched off'
      : 'no healthcheck: it never becomes healthy, and nothing starts after it',
    usually: 'the image of PostgreSQL brings none: say pg_isready in the Compose file',
  });
  check(/\b(pg_isready|psql)\b/.test(test.join(' ')), {
    expected: `a healthcheck of ${database.name} that asks the database itself (pg_isready, psql)`,
    received: test.join(' '),
    usually: 'the check passes as soon as the container runs, whatever the database does',
  });
}

export function keepsDataInAVolume(context: CheckpointContext): void {
  const { database, volumes } = stackOf(context);
  const folder = dataFolder(database);
  const mounts = mountsOf(database);
  const mount = mounts.find(({ target }) => folder === target || folder.startsWith(`${target}/`));
  const expected = `a named volume of ${database.name} at ${rootFolder(database)}, where ${imageOf(database.data)} keeps its data`;
  if (!mount) {
    fail({
      expected,
      received: mounts.length === 0 ? 'no volume' : `mounts at ${mounts.map(({ target }) => target).join(', ')} alone`,
      usually:
        'the data then lie in an anonymous volume or in the container, and are gone after down. The folder changed in version 18 of the image',
    });
  }
  const { type, source } = mount;
  check(type === 'volume' && source !== undefined, {
    expected,
    received: type === 'volume' ? 'a volume without a name' : `a mount of type ${type}${source ? ` (${source})` : ''}`,
    usually:
      'a volume without a name belongs to one container, and a folder of the machine brings its users and its file system along',
  });
  check(volumes.includes(source), {
    expected: `the volume ${source} to be declared under volumes: at the top level`,
    received: volumes.length === 0 ? 'no volumes' : `the volumes ${volumes.join(', ')}`,
    usually: 'the name is misspelt at one of the two places; Compose refuses the file',
  });
}

export function publishesLittle(context: CheckpointContext): void {
  const { api, database } = stackOf(context);
  const open = portsOf(database)[0];
  check(open === undefined && database.data.network_mode !== 'host', {
    expected: `no published port of ${database.name}: services reach each other by name on their own network`,
    received: open ? `ports: ${open.text}` : 'network_mode: host',
    usually:
      'the port was published to look into the database from the machine; docker compose exec does that without it',
  });
  const ports = portsOf(api);
  check(ports.length > 0, {
    expected: `a published port of ${api.name}, on loopback`,
    received: 'none: nobody outside reaches it',
    usually: 'expose: publishes nothing; ports: does',
  });
  for (const { hostIp, text } of ports) {
    check(LOOPBACK.test(hostIp), {
      expected: `the port of ${api.name} on loopback alone (127.0.0.1:…)`,
      received: `${hostIp === '' ? 'every address of the machine' : hostIp}, by ${text}`,
      usually: 'without an address Docker publishes on all of them, past the rules of most firewalls',
    });
  }
}

export function takesSecretsFromTheEnvironment(context: CheckpointContext): void {
  const { api, database } = stackOf(context);
  const usually = `a default or an empty value is a password that everybody knows. \${NAME:?message} stops Compose with the message instead`;
  for (const service of [database, api]) {
    for (const [name, value] of environmentOf(service)) {
      const isUrl = value !== undefined && /^\w+:\/\//.test(value);
      const secret = isUrl
        ? passwordIn(value)
        : SECRET_NAME.test(name) || name === 'DATABASE_URL'
          ? (value ?? '')
          : undefined;
      if (secret === undefined || /_FILE$/.test(name)) continue;
      const [reference, ...others] = referencesIn(secret);
      const isWhole = reference?.start === 0 && reference.end === secret.length && others.length === 0;
      const expected = `the secret in ${service.name}'s ${name} to be \${NAME:?message}`;
      check(isWhole, {
        expected,
        received: reference ? 'a text with a variable in it' : 'a text that is written out, or nothing',
        usually,
      });
      const { operator, word } = reference;
      check(operator === ':?' && word.trim() !== '', {
        expected,
        received: operator.endsWith('-')
          ? 'a variable with a default'
          : operator === ''
            ? 'a variable that may be missing'
            : `a variable with ${operator}`,
        usually,
      });
    }
  }
  for (const [service, name] of [
    [database, 'POSTGRES_PASSWORD'],
    [api, 'DATABASE_URL'],
  ] as const) {
    const names = environmentOf(service).map(([each]) => each);
    check(names.includes(name) || names.includes(`${name}_FILE`), {
      expected: `${name} in the environment of ${service.name}`,
      received: names.length === 0 ? 'no environment' : `only ${names.join(', ')}`,
      usually: 'it is left to an env_file, of which Compose does not know what must be in it',
    });
  }
}

export function locksTheContainerDown(context: CheckpointContext): void {
  const { api } = stackOf(context);
  const { data, name } = api;
  const usually = 'it works without, until somebody finds a way to run code in the container';
  check(data.read_only === true || worth(data.read_only) === 'true', {
    expected: `read_only: true at ${name}`,
    received: data.read_only === undefined ? 'nothing' : `read_only: ${worth(data.read_only)}`,
    usually,
  });
  check(
    mountsOf(api).some(({ type, target }) => type === 'tmpfs' && target === '/tmp'),
    {
      expected: `a tmpfs at /tmp of ${name}, as the rest is read-only`,
      received: 'none',
      usually: 'most runtimes and libraries expect a folder for temporary files',
    },
  );
  const dropped = list(data.cap_drop).map((each) => worth(each).toUpperCase());
  check(dropped.includes('ALL') && list(data.cap_add).length === 0, {
    expected: `cap_drop: [ALL] at ${name}, and nothing added again`,
    received: dropped.includes('ALL')
      ? `cap_add: ${list(data.cap_add).map(worth).join(', ')}`
      : dropped.length === 0
        ? 'no cap_drop'
        : `cap_drop: ${dropped.join(', ')}`,
    usually,
  });
  const options = list(data.security_opt).map(worth);
  check(
    options.some((each) => /^no-new-privileges([:=]true)?$/.test(each)),
    {
      expected: `security_opt: ["no-new-privileges:true"] at ${name}`,
      received: options.length === 0 ? 'no security_opt' : options.join(', '),
      usually,
    },
  );
  check(data.privileged !== true, {
    expected: `no privileged: true at ${name}`,
    received: 'privileged: true',
    usually,
  });
}

export function boundsTheContainers(context: CheckpointContext): void {
  const { api, database } = stackOf(context);
  for (const { name, data } of [api, database]) {
    const deploy = record(data.deploy);
    const limits = record(record(deploy.resources).limits);
    check((data.mem_limit ?? limits.memory) !== undefined, {
      expected: `a limit of memory for ${name} (mem_limit, or deploy.resources.limits.memory)`,
      received: 'none',
      usually: 'a container without one takes what the machine has, and the kernel then kills whom it likes',
    });
    check((data.pids_limit ?? limits.pids) !== undefined, {
      expected: `a limit of processes for ${name} (pids_limit, or deploy.resources.limits.pids)`,
      received: 'none',
      usually: 'one container that forks without end stops the whole machine',
    });
    const restart = worth(data.restart ?? record(deploy.restart_policy).condition);
    check(/^(always|unless-stopped|on-failure(:\d+)?|any)$/.test(restart), {
      expected: `a restart policy for ${name}`,
      received: restart === '' ? 'none: a crash is the end' : restart,
      usually: 'Compose restarts nothing unless it is told to',
    });
  }
  const drainMs = drainOf(api, context);
  const graceMs = durationOf(api.data.stop_grace_period ?? `${DEFAULT_GRACE_MS}ms`) ?? 0;
  check(api.data.stop_grace_period !== undefined && graceMs > drainMs, {
    expected: `a stop_grace_period of ${api.name} that is longer than its SHUTDOWN_TIMEOUT_MS`,
    received: api.data.stop_grace_period === undefined ? 'none' : `${graceMs} ms, and a drain of up to ${drainMs} ms`,
    usually: 'the engine sends SIGKILL while the server still drains, and cuts off what it promised to finish',
  });
}

function drainOf(api: Service, context: CheckpointContext): number {
  const own = environmentOf(api).find(([name]) => name === 'SHUTDOWN_TIMEOUT_MS')?.[1];
  const text =
    own === undefined ? settingsOf(shippedStage(context)).environment.get('SHUTDOWN_TIMEOUT_MS') : worth(own);
  return text === undefined || text === '' ? DEFAULT_DRAIN_MS : Number(text);
}

/** The password of a URL, variables as written; the whole text when it is one variable; undefined when there is none. */
function passwordIn(url: string): string | undefined {
  // A variable's message may hold a colon or an @: variables count as one character each.
  const references = referencesIn(url);
  let masked = url;
  for (const { start, end } of references)
    masked = masked.slice(0, start) + '\u0001'.repeat(end - start) + masked.slice(end);
  const match = /^\w+:\/\/[^/@]*?:/.exec(masked);
  const end = masked.indexOf('@');
  if (!match || end < 0) return undefined;
  return url.slice(match[0].length, end);
}

/** Where the official image keeps its data: PGDATA, or what its version says. */
function dataFolder(database: Service): string {
  const own = environmentOf(database).find(([name]) => name === 'PGDATA')?.[1];
  if (own !== undefined) return worth(own);
  const version = majorOf(database);
  return version >= 18 ? `/var/lib/postgresql/${version}/docker` : '/var/lib/postgresql/data';
}

/** The folder that the image's documentation says to mount. */
function rootFolder(database: Service): string {
  const folder = dataFolder(database);
  return /^\/var\/lib\/postgresql\/\d+\/docker$/.test(folder) ? '/var/lib/postgresql' : folder;
}

function majorOf(database: Service): number {
  return Number(/:(\d+)/.exec(imageOf(database.data))?.[1] ?? '18');
}
