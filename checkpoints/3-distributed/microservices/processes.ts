import { check } from '../../harness/failure.ts';
import { exchange, expectStatus } from './exchange.ts';
import { persist } from './tales.ts';
import { otherTown, SERVICES } from './town.ts';

const ALL = [...SERVICES, 'gateway'] as const;

export async function runsProcessesOfTheirOwn(): Promise<void> {
  const town = await otherTown();
  const services = ALL.map((name) => town.serviceOf(name));
  const pids = new Set(services.map(({ pid }) => pid));
  check(pids.size === ALL.length, {
    expected: 'four processes, each with a pid of its own',
    received: `${pids.size} ${pids.size === 1 ? 'process' : 'processes'}`,
    usually: 'what is called services are modules of one process: one leak or one crash is everybody’s',
  });
  for (const { name, pid } of services) {
    check(isAlive(pid), {
      expected: `the process of ${name} to be there`,
      received: 'no process with the pid of its SERVICE line',
      usually: 'the line names another process than the one that serves, such as a shell around it',
    });
  }
  const someone = await town.resident();
  for (const name of SERVICES) {
    const old = town.kill(name);
    const reply = await exchange(town.gateway, 'GET', '/nothing-there');
    expectStatus(reply, 404, {
      sent: `SIGKILL to ${name}; then GET /nothing-there of the gateway`,
      usually: 'the whole system goes down with one of its services',
    });
    await town.restarted(old);
    const own = await persist(town.gateway, 'GET', '/accounts/me', { token: someone.token });
    expectStatus(own, 200, {
      usually: 'after a restart the gateway asks at the old place, or old tokens are not known any more',
    });
  }
  const gateway = town.kill('gateway');
  await town.restarted(gateway);
  check(town.serviceOf('gateway').port === gateway.port, {
    expected: 'the gateway at the port that READY has told',
    received: 'another port',
    usually: 'the gateway was started anew with port 0: clients have been told the first one',
  });
  expectStatus(await persist(town.gateway, 'GET', '/accounts/me', { token: someone.token }), 200, {
    usually: 'the new gateway has another key for tokens, or does not know where the services are',
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
