import { expectInvalidToken, expectStatus } from './answers.ts';
import { openHall } from './hall.ts';
import { call } from './http-client.ts';

/** What is wrong or right about a token, and the token. */
export type Case = readonly [what: string, token: string];

const PATH = '/accounts/me';

export async function accept(cases: readonly Case[], usually: string): Promise<void> {
  const { server } = await openHall('hall');
  for (const [what, token] of cases) {
    const answer = await call(server, PATH, { token });
    expectStatus(answer, 200, {
      sent: `GET ${PATH} with ${what}`,
      expected: 'status 200: the token is valid',
      usually,
    });
  }
}

export async function refuse(cases: readonly Case[], usually: string): Promise<void> {
  const { server } = await openHall('hall');
  for (const [what, token] of cases) {
    expectInvalidToken(await call(server, PATH, { token }), { sent: `GET ${PATH} with ${what}`, usually });
  }
}
