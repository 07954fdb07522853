/**
 * `npm run services`: the clone's own PostgreSQL, Redis and RabbitMQ. Exit codes: 0 done, 2 wrong use, 3 something is
 * not to be had, or not to be done, on this machine.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Service } from '../../labs/course-schema.ts';
import { lookFor, paint } from '../cli/look.ts';
import { wrapText } from '../cli/wrap-text.ts';
import { removeData, stopServices } from './clean-up.ts';
import { askOnTerminal } from './consent.ts';
import { ensureServices } from './ensure-services.ts';
import { idleLimitMs } from './idle.ts';
import { SERVICES } from './kits.ts';
import { dropOldLeftovers } from './leftovers.ts';
import { placeIn } from './place.ts';
import { createProgressLine } from './progress-line.ts';
import { tailOf } from './server-process.ts';
import { statusOf } from './status.ts';

const USAGE = `npm run services -- <command> [postgresql|redis|rabbitmq]…

up      start them, and say where they are; without names, all three
down    stop what this clone has started; data stay
status  what runs, where, and since when
logs    the last lines of their logs
reset   stop them and DELETE their data, for good

--yes   up asks no question before it fetches packages into the clone's cache
--lines how many lines logs shows, 40 without it

They listen on 127.0.0.1 alone, on ports that were free. Labs start what they need by themselves; when nobody has used
a server for LAB_SERVICES_IDLE_MIN minutes (30), it stops by itself. An address in DATABASE_URL, REDIS_URL or AMQP_URL
comes before them; LAB_REUSE=1 allows a server on the usual port.`;

const COMMANDS = { up, down, status, logs, reset } as const;
const place = placeIn();
const look = lookFor(process.stdout, process.env);
const say = (text: string) => void process.stdout.write(`${text}\n`);

interface Flags {
  readonly yes: boolean;
  readonly lines: number;
}

class UsageError extends Error {
  readonly code = 'USAGE';
}

async function up(names: readonly Service[], { yes }: Flags): Promise<number> {
  idleLimitMs(place);
  const progress = createProgressLine(process.stderr);
  const consent = yes ? true : askOnTerminal();
  // One call a service: one that is not to be had does not hide the others.
  const { show: onProgress } = progress;
  // The slowest, which is the last, begins first.
  const results = await Promise.all(
    names.toReversed().map(async (name) => ({ name, result: await ensureServices([name], { consent, onProgress }) })),
  );
  progress.end();
  for (const { name, result } of results.toReversed()) {
    if (result.ok) {
      say(`${paint(look, 'green', '✓')} ${name.padEnd(10)}  ${result.addresses[name]}`);
      for (const dropped of await dropOldLeftovers(place, name))
        say(`  dropped ${dropped}, left by a run that crashed`);
    } else {
      say(`${paint(look, 'red', '✗')} ${name.padEnd(10)}  ${result.reason}`);
      say(`  mend  ${result.remedy}`);
    }
  }
  return results.every(({ result }) => result.ok) ? 0 : 3;
}

async function down(names: readonly Service[]): Promise<number> {
  const endings = await stopServices(place, names);
  for (const [name, ending] of endings) say(`${name.padEnd(10)}  ${ENDINGS[ending]}`);
  return [...endings.values()].includes('still there') ? 3 : 0;
}

const ENDINGS = {
  'was gone': 'was not running',
  ended: 'stopped',
  killed: 'stopped by SIGKILL, as it did not end in time',
  'still there': 'could not be stopped: see npm run services -- status',
} as const;

async function status(names: readonly Service[]): Promise<number> {
  for (const name of names) say(await statusOf(place, name, look));
  return 0;
}

async function logs(names: readonly Service[], { lines }: Flags): Promise<number> {
  for (const name of names) {
    const file = join(place.folder, name, 'server.log');
    say(paint(look, 'strong', existsSync(file) ? file : `${name}: this clone has never started it`));
    for (const line of tailOf(file, lines)) say(`  ${line}`);
  }
  return 0;
}

async function reset(names: readonly Service[]): Promise<number> {
  const code = await down(names);
  if (code !== 0) return code;
  for (const name of names) {
    const gone = await removeData(place, name);
    say(gone.length === 0 ? `${name.padEnd(10)}  had no data` : `${name.padEnd(10)}  deleted ${gone.join(' and ')}`);
  }
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const { positionals, values } = parse(argv);
  const [command, ...names] = positionals;
  if (values.help || command === 'help') {
    say(USAGE);
    return 0;
  }
  const run = COMMANDS[command as keyof typeof COMMANDS];
  if (!run) throw new UsageError(command === undefined ? USAGE : `there is no command "${command}"\n\n${USAGE}`);
  for (const name of names) {
    if (!SERVICES.includes(name as Service)) {
      throw new UsageError(`there is no service "${name}"; there are ${SERVICES.join(', ')}`);
    }
  }
  const lines = Number(values.lines);
  if (!Number.isInteger(lines) || lines < 1)
    throw new UsageError(`--lines must be a whole number; it is "${values.lines}"`);
  const chosen = names.length === 0 ? SERVICES : SERVICES.filter((name) => names.includes(name));
  return run(chosen, { yes: values.yes, lines });
}

function parse(argv: readonly string[]) {
  try {
    const options = {
      yes: { type: 'boolean', default: false },
      lines: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

process.on('SIGINT', () => process.exit(130));
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough: `npm run services -- logs | head`.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const isOurs = error instanceof UsageError || error instanceof RangeError || code === 'LOCKED';
  const isFile = code !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(code);
  if (!isOurs && !isFile) throw error;
  process.stderr.write(
    `${isFile ? wrapText(`${place.folder} cannot be written: ${message}`, look.width).join('\n') : message}\n`,
  );
  process.exitCode = error instanceof UsageError || error instanceof RangeError ? 2 : 3;
}
