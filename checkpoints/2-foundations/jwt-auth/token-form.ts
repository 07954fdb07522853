import { resident } from './hall.ts';
import { BRIEF_TOKEN, EDDSA_KEY, PUBLISHED_TOKENS } from './published-keys.ts';
import { base64url, claimsFor, headerOf, type Json, privateKeyOf, signatureOf, signedBy } from './token.ts';
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
      ['unused bits that are not zero', withOtherBits(token)],
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
      ...PUBLISHED_TOKENS,
    ],
    'a part is not there, not JSON, or not what the brief calls a token: 401, and never an error of the server',
  );
  await refuse(
    [['a good token of 5,000 characters', signed(headerOf(EDDSA_KEY), { ...claims, filler: 'x'.repeat(3_500) })]],
    'nothing bounds its length: what has more than 4,096 characters is refused before anybody decodes it',
  );
  const inHeader = (respell: Respell) =>
    otherwiseSpelt(0, respell, (filler) => [{ ...headerOf(EDDSA_KEY), filler }, claims]);
  const inClaims = (respell: Respell) =>
    otherwiseSpelt(1, respell, (filler) => [headerOf(EDDSA_KEY), { ...claims, filler }]);
  await refuse(
    [
      ['padding in a header that is signed with it', inHeader(withPadding)],
      ['padding in claims that are signed with it', inClaims(withPadding)],
      ['unused bits in a header that is signed with them', inHeader(withOtherBits)],
      ['unused bits in claims that are signed with them', inClaims(withOtherBits)],
    ],
    'only the signature is held against its one spelling, or none of the parts: all three have one',
  );
  await refuse(
    [
      ['claims that are a list', signed(headerOf(EDDSA_KEY), JSON.stringify([claims]))],
      ['claims that are null', signed(headerOf(EDDSA_KEY), 'null')],
      [
        'claims with invalid UTF-8',
        signed(headerOf(EDDSA_KEY), Buffer.from(text.replace('{', '{"x":"\xff",'), 'latin1')),
      ],
      ['a byte order mark before the claims', signed(headerOf(EDDSA_KEY), `\ufeff${text}`)],
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
  await refuse(
    [null, false, 0, ''].map((crit) => [`crit ${JSON.stringify(crit)}`, critical({ crit })]),
    'crit is looked at for its truth, and null, false, 0 and "" have none: ask whether the header has the member',
  );
}

type Respell = (part: string) => string;

const withPadding: Respell = (part) => `${part}${'='.repeat((4 - (part.length % 4)) % 4)}`;
/** Another last character for the same bytes: of a part that is no multiple of four, two or four bits of it are unused. */
const withOtherBits: Respell = (part) => part.slice(0, -1) + ALPHABET[ALPHABET.indexOf(part.at(-1) ?? 'A') + 1];
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A token of ours with one part in another spelling, and a signature over that very spelling. */
function otherwiseSpelt(
  part: 0 | 1,
  respell: Respell,
  make: (filler: string) => readonly [header: Json, claims: Json],
): string {
  for (const filler of ['', 'x', 'xx']) {
    const parts = make(filler).map(base64url);
    const before = parts[part] ?? '';
    if (before.length % 4 === 0) continue;
    parts[part] = respell(before);
    const input = parts.join('.');
    return `${input}.${base64url(signatureOf(EDDSA_KEY.alg, privateKeyOf(EDDSA_KEY), input))}`;
  }
  throw new Error('one length in three has no unused bits, and the next one has');
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
