import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { check } from '../../harness/failure.ts';
import { jsonOf, statusOf } from '../../harness/http-exchange.ts';
import { exchange, expectStatus } from './exchange.ts';
import { accept, expectState, fundedGuild, postQuest, register, settled } from './tales.ts';
import { INTERNAL_SECRET, SERVICES, type ServiceName, sharedTown } from './town.ts';

/** A refusal comes at once; a firewall that drops says nothing, and is as good. */
const CONNECT_WITHIN_MS = 1_000;

const PATHS: Readonly<Record<(typeof SERVICES)[number], string>> = {
  accounts: '/accounts/me',
  quests: `/quests/${randomUUID()}`,
  rewards: '/treasuries/nobody',
};

export async function trustsOnlyTheGateway(): Promise<void> {
  const town = await sharedTown();
  const someone = await town.resident();
  for (const name of SERVICES) {
    const door = town.doorOf(name);
    const attempts: readonly (readonly [what: string, headers: Record<string, string>])[] = [
      ['Tavern-Account alone', { 'tavern-account': someone.id }],
      ['nothing', {}],
      ['the token of a client', { authorization: `Bearer ${someone.token}` }],
      ['a wrong secret', { 'tavern-account': someone.id, 'tavern-internal': 'a secret that somebody has made up' }],
      ['an empty secret', { 'tavern-account': someone.id, 'tavern-internal': '' }],
    ];
    for (const [what, headers] of attempts) {
      expectStatus(await exchange(door, 'GET', PATHS[name], { headers }), 403, {
        sent: `GET ${PATHS[name].replace(/[0-9a-f-]{36}/, '{id}')} of ${name} itself, with ${what}`,
        expected: 'status 403: only the gateway may ask',
        usually:
          'whoever reaches the port of a service is believed: one forgotten firewall rule, and everybody is anybody',
      });
    }
    const headers = { 'tavern-account': someone.id, 'tavern-internal': INTERNAL_SECRET };
    const reply = await exchange(door, 'GET', PATHS[name], { headers });
    check(reply.status === (name === 'accounts' ? 200 : 404), {
      sent: `the same, with the INTERNAL_SECRET that the gateway has`,
      expected: `status ${name === 'accounts' ? 200 : 404}`,
      received: statusOf(reply),
      usually: 'INTERNAL_SECRET is not used, or a service looks at the token again: auth belongs once, at the edge',
      details: reply.details,
    });
    for (const address of otherAddresses()) {
      check(!(await accepts(address, door.port)), {
        sent: `a connection to the port of ${name} at ${address === '127.0.0.2' ? address : 'the address of this machine in its network'}`,
        expected: 'nobody there: services listen on 127.0.0.1 alone',
        received: 'a connection',
        usually:
          'a server that is given no address listens on all of them (0.0.0.0 or ::), and only the secret stands between it and the network',
      });
    }
  }
}

/** Where a service may not be found. The first belongs to the loopback interface of Linux; others refuse it anyway. */
function otherAddresses(): string[] {
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  return ['127.0.0.2', ...outward.map(({ address }) => address).slice(0, 1)];
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      for (const end of ['error', 'timeout']) socket.once(end, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

export async function believesNoClient(): Promise<void> {
  const town = await sharedTown();
  const [victim, rogue] = await Promise.all([register(town.gateway), register(town.gateway)]);
  const usually = 'headers of the client are passed on as they are: it says who it is, and is believed';
  const claims = { 'tavern-account': victim.id, 'Tavern-Internal': INTERNAL_SECRET };
  expectStatus(await exchange(town.gateway, 'GET', '/accounts/me', { headers: claims }), 401, {
    sent: 'GET /accounts/me of the gateway without a token, with Tavern-Account and Tavern-Internal',
    usually,
  });
  const own = await exchange(town.gateway, 'GET', '/accounts/me', { token: rogue.token, headers: claims });
  expectStatus(own, 200, { usually });
  check(jsonOf(own).id === rogue.id, {
    sent: 'GET /accounts/me of the gateway, with the token of one and the Tavern-Account of another',
    expected: 'the account of the token',
    received: jsonOf(own).id === victim.id ? 'the account of the header' : 'another account',
    usually,
  });
  const guild = await fundedGuild(town.gateway, rogue, 50);
  const quest = await postQuest(town.gateway, rogue, { guild, reward: 10 });
  const id = await accept(town.gateway, rogue, quest);
  expectState(await settled(town.gateway, rogue, id), 'accepted', null, { sent: 'an acceptance', usually });
  const seen = await exchange(town.gateway, 'GET', `/acceptances/${id}`, {
    token: victim.token,
    headers: { 'TAVERN-ACCOUNT': rogue.id },
  });
  expectStatus(seen, 404, { sent: 'GET of somebody else’s acceptance, with their id in Tavern-Account', usually });
}

/** Which service a request of a client reaches. */
export const REACHES: readonly (readonly [ServiceName, string])[] = [
  ['accounts', '/accounts/me'],
  ['quests', '/quests/00000000-0000-4000-8000-000000000000'],
  ['rewards', '/treasuries/nobody'],
];
