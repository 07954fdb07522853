import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../checkpoints/harness/deadline.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { NAVIGATION, TemporaryWorkbook } from './temporary-workbook.ts';

/** The real server as a process; what browsers cannot send is sent as bytes. */
let workbook: TemporaryWorkbook;
/** As a path may hide it. */
const SLASH = '%2f';

beforeAll(async () => {
  workbook = await new TemporaryWorkbook().open();
});
afterAll(() => workbook[Symbol.asyncDispose]());

const host = () => `127.0.0.1:${workbook.port}`;

describe('the token', () => {
  test('stands in pages that a person opens, which nothing keeps and nobody frames', async () => {
    expect(workbook.token).toMatch(/^[\w-]{43}$/);
    for (const path of ['/', '/course/', '/labs/echo/']) {
      const { status, headers, text } = await workbook.ask(path, { headers: NAVIGATION });
      expect(status).toBe(200);
      expect(text).toContain(workbook.token);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'content-security-policy': "frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test.each([
    ['a link of another site', { ...NAVIGATION, 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { ...NAVIGATION, 'sec-fetch-site': 'same-site' }],
    ['a frame', { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }],
    ['a script tag', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script', 'sec-fetch-site': 'cross-site' }],
    ['a fetch', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' }],
    ['something that does not say what it is', {}],
  ])('is kept from %s', async (_, headers) => {
    for (const path of ['/', '/course/', '/labs/echo/', '/labs/echo/index.html']) {
      const { status, text } = await workbook.ask(path, { headers });
      expect(status).toBe(200);
      expect(text).not.toContain(workbook.token);
    }
  });

  test('stands in no script', async () => {
    for (const file of ['scripts/workbook/panel.ts', 'scripts/workbook/calls.ts', 'styles/workbook.css']) {
      const { status, text } = await workbook.ask(`/_workbook/client/${file}`);
      expect(status).toBe(200);
      expect(text).not.toContain(workbook.token);
    }
  });

  test('is another one at the next start', async () => {
    await using other = await new TemporaryWorkbook().open();
    expect(other.token).not.toBe(workbook.token);
    expect(
      (await workbook.call('course', { method: 'GET', headers: { 'x-workbook-token': other.token } })).status,
    ).toBe(403);
  });
});

describe('a foreign host, as after DNS rebinding', () => {
  test.each(['evil.example', 'evil.example:80', 'localhost', '127.0.0.1:1', '127.0.0.1.evil.example:4321'])(
    '%j gets neither page nor answer',
    async (name) => {
      const headers = { ...NAVIGATION, host: name };
      for (const path of ['/', '/labs/echo/', '/404.html', '/_workbook/client/scripts/workbook/panel.ts']) {
        const { status, text } = await workbook.ask(path, { headers });
        expect([421, 400]).toContain(status);
        expect(text).not.toContain(workbook.token);
      }
      const call = await workbook.call('labs/echo/start', { headers: { host: name, origin: `http://${name}` } });
      expect([421, 400]).toContain(call.status);
      expect(workbook.exists('labs/1-first/echo/attempt')).toBe(false);
    },
  );

  test('localhost with the port is no foreign one', async () => {
    const headers = { ...NAVIGATION, host: `localhost:${workbook.port}` };
    expect((await workbook.ask('/labs/echo/', { headers })).text).toContain(workbook.token);
  });
});

describe('a call that is not from a page of this server', () => {
  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['https', { origin: () => `https://${host()}` }],
    ['no origin at all', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['the same site, of another origin', { 'sec-fetch-site': 'same-site' }],
    ['an address typed by hand', { 'sec-fetch-site': 'none' }],
    ['nowhere that it names', { origin: undefined, 'sec-fetch-site': undefined }],
    ['a page without the token', { 'x-workbook-token': undefined }],
    ['a page with a wrong token', { 'x-workbook-token': 'x'.repeat(43) }],
    ['a page with half of the token', { 'x-workbook-token': () => workbook.token.slice(0, 20) }],
  ])('from %s is turned away', async (_, changed) => {
    const headers = Object.fromEntries(
      Object.entries(changed).map(([name, value]) => [name, typeof value === 'function' ? value() : value]),
    );
    for (const [path, method] of [
      ['course', 'GET'],
      ['labs/echo', 'GET'],
      ['labs/echo/start', 'POST'],
      ['labs/echo/test', 'POST'],
    ] as const) {
      const { status, headers: said, text } = await workbook.call(path, { method, headers });
      expect(status).toBe(403);
      expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
      expect(Object.keys(said).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(workbook.exists('labs/1-first/echo/attempt')).toBe(false);
  });

  test('asking first gets no leave', async () => {
    const { status, headers } = await workbook.ask('/_workbook/api/labs/echo/start', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-workbook-token,content-type',
      },
    });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('what a call asks for', () => {
  test.each([
    '..',
    '../echo',
    `%2e%2e${SLASH}echo`,
    `..${SLASH}..${SLASH}..${SLASH}etc`,
    'echo%00',
    `echo${SLASH}start`,
    'rest-api',
    'constructor',
    '__proto__',
    'ECHO',
    '',
  ])('a lab that is none: %j', async (slug) => {
    const { status, text } = await workbook.call(`labs/${slug}/start`);
    expect(status).toBe(404);
    expect(text).not.toContain(workbook.course.root);
  });

  test.each(['constructor', '__proto__', 'toString', 'exec'])('nothing is done by the name of %s', async (act) => {
    expect((await workbook.call(`labs/echo/${act}`)).status).toBe(404);
  });

  test('no path leads out of the pages', async () => {
    for (const path of [
      '/../package.json',
      `/..${SLASH}package.json`,
      '/%2e%2e/package.json',
      '/labs/../../serve.ts',
      '/_workbook/client/../workbook/guard.ts',
      `/_workbook/client/..${SLASH}..${SLASH}workbook/guard.ts`,
      '/_workbook/client/scripts/page.ts',
    ]) {
      const { status, text } = await workbook.ask(path, { headers: NAVIGATION });
      expect(status).toBe(404);
      expect(text).not.toContain('import');
    }
  });

  test('a body that is too large, of another type, no JSON, or no object', async () => {
    const large = JSON.stringify({ file: 'x'.repeat(MAX_BODY_BYTES) });
    expect((await workbook.call('labs/echo/edit', { body: large })).status).toBe(413);
    const plain = { headers: { 'content-type': 'text/plain' } };
    expect((await workbook.call('labs/echo/edit', plain)).status).toBe(415);
    expect((await workbook.call('labs/echo/edit', { body: '{' })).status).toBe(400);
    expect((await workbook.call('labs/echo/edit', { body: '[]' })).status).toBe(400);
  });

  test('only what changes nothing is done with GET', async () => {
    expect((await workbook.call('labs/echo/start', { method: 'GET' })).status).toBe(405);
    expect((await workbook.ask('/', { method: 'POST', headers: NAVIGATION })).status).toBe(405);
  });
});

test('a flood is answered with 429, a foreign one counts for nothing, and afterwards all is well', async () => {
  const floods = (headers: Record<string, string>) =>
    Promise.all(Array.from({ length: 300 }, () => workbook.call('course', { method: 'GET', headers })));
  const foreign = await floods({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
  expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set([403]));
  const own = await floods({});
  const statuses = own.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  const refused = own.find(({ status }) => status === 429);
  expect(JSON.parse(refused?.text ?? '')).toEqual({ error: 'That is too many calls at once. Wait a moment.' });
  await pollUntil(
    () => workbook.call('course', { method: 'GET' }),
    ({ status }) => status === 200,
    { withinMs: 30_000, otherwise: ({ status }) => new Error(`still ${status}`) },
  );
}, 90_000);
