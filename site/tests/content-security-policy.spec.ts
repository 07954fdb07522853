import { expect, test } from '@playwright/test';

/** One of each kind of page, and those with script of their own. */
const PATHS = [
  '/',
  '/chapters/networking/',
  '/labs/framing/',
  '/labs/tcp-echo/solution/',
  '/labs/tcp-echo/mistakes/',
  '/write-ups/tcp-or-udp/',
  '/checkpoints/networking/',
  '/portfolio/',
  '/log/',
  '/glossary/',
  '/search/',
  '/404.html',
];

test('no page breaks its own content security policy, also when it is searched', async ({ page }) => {
  const broken: string[] = [];
  await page.exposeFunction('policyBroken', (what: string) => broken.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      const report = Reflect.get(window, 'policyBroken') as (what: string) => void;
      report(`${location.pathname}: ${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  });
  page.on('pageerror', ({ message }) => broken.push(message));
  for (const path of PATHS) await page.goto(path, { waitUntil: 'networkidle' });
  await page.goto('/');
  await page.keyboard.press('/');
  await page.keyboard.type('echo');
  await expect(page.locator('dialog search-box li mark').first()).toBeVisible();
  expect(broken).toEqual([]);
});

test('the policy lets no script in that was not built', async ({ page }) => {
  await page.goto('/');
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.documentElement.dataset.ran = "yes"';
    document.head.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="document.body.dataset.ran = `yes`">');
    return { element: document.documentElement.dataset.ran, attribute: document.body.dataset.ran };
  });
  expect(ran).toEqual({});
});
