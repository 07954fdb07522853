import { resident } from './hall.ts';
import { BRIEF_TOKEN, EDDSA_KEY, PUBLISHED_TOKENS } from './published-keys.ts';
import { claimsFor, headerOf, type Json, signedBy } from './token.ts';
import { accept, refuse } from './token-cases.ts';

export async function judgeTokenForm(): Promise<void> {
  const gwen = await resident('gwen');
  const claims = claimsFor(gwen.id);
  const token = signedBy(EDDSA_KEY, claims);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = (h: Json, c: Json) => signedBy(EDDSA_KEY, c, h);
  const text = JSON.stringify(claims);
  await accept([['a token of ours', token]], 'good tokens are refused');
  const spelling =
    'the decoder is lenient: base64url without padding, one spelling only, or a blocked token comes back as another';
  await refuse(
    [
      ['padding', `${token}==`],
      ['padding inside', `${header}=.${payload}.${signature}`],
      ['unused bits that are not zero', withUnusedBits(token)],
      ["the brief's other last character", `${BRIEF_TOKEN.slice(0, -1)}h`],
      ['the alphabet of base64', withBase64Alphabet(claims)],
      ['an asterisk in the signature', `${token.slice(0, -3)}*${token.slice(-3)}`],
    ],
    spelling,
  );
  await refuse(
    [
      ['two parts', `${header}.${payload}`],
      ['four parts', `${token}.`],
      ['five parts, as an encrypted token has', `${token}.${payload}.${signature}`],
      ['an empty header', `.${payload}.${signature}`],
      ['no claims', `${header}..${signature}`],
      ['only dots', '..'],
      ['a token of 5,000 characters', signed(headerOf(EDDSA_KEY), { ...claims, filler: 'x'.repeat(3_500) })],
      ...PUBLISHED_TOKENS,
    ],
    'a part is not there, not JSON, or not what the brief calls a token: 401, and never an error of the server',
  );
  await refuse(
    [
      ['claims that are a list', signed(headerOf(EDDSA_KEY), JSON.stringify([claims]))],
      ['claims that are null', signed(headerOf(EDDSA_KEY), 'null')],
      [
        'claims with invalid UTF-8',
        signed(headerOf(EDDSA_KEY), Buffer.from(text.replace('{', '{"x":"\xff",'), 'latin1')),
      ],
      ['a header that is no JSON', signed('{"alg":"EdDSA"', text)],
      ['sub twice', signed(headerOf(EDDSA_KEY), text.replace('{', '{"sub":"somebody else",'))],
      ['exp twice', signed(headerOf(EDDSA_KEY), text.replace('{', '{"exp":1,'))],
      ['alg twice', signed(JSON.stringify(headerOf(EDDSA_KEY)).replace('{', '{"alg":"none",'), text)],
      ['a name twice, deep inside', signed(headerOf(EDDSA_KEY), text.replace('{', '{"x":[{"a":1,"\\u0061":2}],'))],
    ],
    'JSON is read by a parser that takes what comes: refuse names that stand twice, and whatever is no object',
  );
  const critical = (extra: object) => signed({ ...headerOf(EDDSA_KEY), ...extra }, text);
  await refuse(
    [
      ['crit with an unknown extension', critical({ crit: ['tavern'], tavern: true })],
      ['crit with b64, as RFC 7797 has it', critical({ crit: ['b64'], b64: true })],
      ['crit with exp', critical({ crit: ['exp'], exp: 4_102_444_800 })],
      ['an empty crit', critical({ crit: [] })],
      ['crit as a text', critical({ crit: 'exp' })],
    ],
    'crit names what must be understood, and nothing of it is: refuse the token (RFC 7515 §4.1.11)',
  );
}

/** The same bytes with another last character. An Ed25519 signature leaves four bits of it unused. */
function withUnusedBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? 'A') + 1];
}

/** A token whose signature needs a character on which base64 and base64url differ, in the wrong one of them. */
function withBase64Alphabet(claims: Record<string, unknown>): string {
  for (let i = 0; ; i += 1) {
    const token = signedBy(EDDSA_KEY, { ...claims, i });
    const at = token.lastIndexOf('.') + 1;
    if (/[-_]/.test(token.slice(at)))
      return token.slice(0, at) + token.slice(at).replaceAll('-', '+').replaceAll('_', '/');
  }
}
