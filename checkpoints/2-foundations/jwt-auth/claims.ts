import { resident, SKEW_S } from './hall.ts';
import { ES256_KEY } from './published-keys.ts';
import { AUDIENCE, claimsFor, headerOf, ISSUER, signedBy } from './token.ts';
import { accept, refuse } from './token-cases.ts';

export async function judgeClaims(): Promise<void> {
  const gwen = await resident('gwen');
  const now = Math.floor(Date.now() / 1000);
  const good = claimsFor(gwen.id);
  const token = (change: Record<string, unknown>) => signedBy(ES256_KEY, { ...good, ...change });
  // In the text itself, as JSON.stringify knows no such numbers.
  const rawExp = (exp: string) =>
    signedBy(ES256_KEY, JSON.stringify({ ...good, exp: 0 }).replace('"exp":0', `"exp":${exp}`));
  await accept(
    [
      ['claims as they are meant to be', token({})],
      ['aud as a list with ours in it', token({ aud: ['https://other.example', AUDIENCE] })],
      ['an exp that was 10 seconds ago, within the skew', token({ exp: now - 10 })],
      ['an nbf and an iat 10 seconds ahead, within the skew', token({ nbf: now + 10, iat: now + 10 })],
      ['no nbf', token({ nbf: undefined })],
      ['an exp with a fraction', rawExp(`${now + 300}.5`)],
    ],
    'a check is stricter than the brief, or CLOCK_SKEW_S is not used',
  );
  await refuse(
    [
      ['another iss', token({ iss: 'https://accounts.tavern.example.evil' })],
      ['an iss that only begins like ours', token({ iss: ISSUER.slice(0, -1) })],
      ['iss as a list', token({ iss: [ISSUER] })],
      ['no iss', token({ iss: undefined })],
      ['another aud', token({ aud: 'https://shop.tavern.example' })],
      ['aud as a list without ours', token({ aud: [`${AUDIENCE}/`, 'api'] })],
      ['an aud that contains ours', token({ aud: `${AUDIENCE}.evil.example` })],
      ['an empty list as aud', token({ aud: [] })],
      ['no aud', token({ aud: undefined })],
    ],
    'iss or aud is not compared, or by a part of it: compare the whole text (RFC 8725 §3.8, §3.9)',
  );
  await refuse(
    [
      ['an exp before the skew', token({ exp: now - SKEW_S - 1 })],
      ['an exp long ago', token({ exp: 1 })],
      ['no exp', token({ exp: undefined })],
      ['exp as a text', token({ exp: String(now + 300) })],
      ['exp null', token({ exp: null })],
      ['exp 1e999', rawExp('1e999')],
      ['an nbf beyond the skew', token({ nbf: now + SKEW_S + 60 })],
      ['nbf as a text', token({ nbf: String(now) })],
      ['nbf null', token({ nbf: null })],
      ['an iat in the far future', token({ iat: now + 86_400, exp: now + 90_000 })],
      ['iat as a text', token({ iat: String(now) })],
      ['no iat', token({ iat: undefined })],
    ],
    'a time is not asked for, not a number, or not held against the clock: exp and iat are needed, and finite',
  );
  await refuse(
    [
      ['no sub', token({ sub: undefined })],
      ['an empty sub', token({ sub: '' })],
      ['sub as a list', token({ sub: [gwen.id] })],
    ],
    'sub is used unchecked',
  );
}

export async function judgeTokenType(): Promise<void> {
  const gwen = await resident('gwen');
  const typed = (typ: unknown) => signedBy(ES256_KEY, claimsFor(gwen.id), { ...headerOf(ES256_KEY), typ });
  await accept(
    [
      ['typ application/at+jwt', typed('application/at+jwt')],
      ['typ AT+JWT', typed('AT+JWT')],
    ],
    'typ is a media type: its case does not count, and "application/" may stand before it (RFC 7515 §4.1.9)',
  );
  await refuse(
    [
      ['typ JWT, as an ID token has it', typed('JWT')],
      ['typ refresh+jwt', typed('refresh+jwt')],
      ['no typ', typed(undefined)],
      ['typ as a list', typed(['at+jwt'])],
      ['a typ that contains ours', typed('not-at+jwt')],
      ['the refresh token of a session', gwen.refresh],
    ],
    'every token with a good signature is taken, whatever it was made for: ask for typ at+jwt (RFC 8725 §3.11)',
  );
}
