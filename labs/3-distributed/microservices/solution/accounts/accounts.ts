import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { jsonAnswer } from '../http/answer.ts';
import { readFields, text } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import type { Call, Route } from '../http/router.ts';
import { signToken } from '../identity.ts';
import type { ServiceTools } from '../service-tools.ts';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const KEY_BYTES = 32;
const WELCOME_GIFT = 100;

interface Credentials {
  readonly name: string;
  readonly password: string;
}

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly salt: Buffer;
  readonly hash: Buffer;
  readonly engagements: number;
}

const CREDENTIALS = { name: text(1, 40), password: text(8, 128) };

export function accountRoutes({ database, outbox, settings }: ServiceTools): Route[] {
  return [
    { method: 'POST', path: '/accounts', handler: register },
    { method: 'POST', path: '/sessions', handler: logIn },
    { method: 'GET', path: '/accounts/me', handler: readOwn },
  ];

  // #region register
  async function register({ body, requestId }: Call) {
    const { name, password } = readFields<Credentials>(body, CREDENTIALS);
    const id = randomUUID();
    const salt = randomBytes(16);
    const hash = await derive(password, salt, KEY_BYTES);
    await database.transaction(async (client) => {
      const made = await client.query(
        'INSERT INTO accounts (id, name, salt, hash) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING id',
        [id, name, salt, hash],
      );
      if (made.length === 0) throw new Problem('name-taken', 'Choose another name.');
      const data = { accountId: id, name, gift: WELCOME_GIFT };
      await outbox.add(client, { type: 'account.registered', dataversion: '1.1', requestid: requestId, data });
    });
    outbox.nudge();
    return jsonAnswer(201, { id, name });
  }
  // #endregion register

  async function logIn({ body }: Call) {
    const { name, password } = readFields<Credentials>(body, CREDENTIALS);
    const [account] = await database.query<AccountRow>('SELECT * FROM accounts WHERE name = $1', [name]);
    // A name that nobody has takes as long as a wrong password.
    const hash = await derive(password, account?.salt ?? Buffer.alloc(16), KEY_BYTES);
    if (account === undefined || !timingSafeEqual(hash, account.hash)) {
      throw new Problem('unauthenticated', 'Name or password is wrong.', { headers: { 'WWW-Authenticate': 'Bearer' } });
    }
    return jsonAnswer(201, { token: signToken(account.id, settings.tokenKey) });
  }

  async function readOwn({ accountId }: Call) {
    const [account] = await database.query<AccountRow>('SELECT * FROM accounts WHERE id = $1', [accountId]);
    if (account === undefined) throw new Problem('not-found', 'This account is gone.');
    const { id, name, engagements } = account;
    return jsonAnswer(200, { id, name, engagements });
  }
}
