import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

function services(...args: string[]) {
  const [node24, entry] = ['../cli/node-24.mjs', 'services.ts'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  return spawnSync(process.execPath, [node24 ?? '', entry ?? '', ...args], { encoding: 'utf8' });
}

test.each([
  [[], 'npm run services -- <command>'],
  [['start'], 'there is no command "start"'],
  [['up', 'mysql'], 'there is no service "mysql"; there are postgresql, redis, rabbitmq'],
  [['logs', '--lines', 'many'], '--lines must be a whole number; it is "many"'],
  [['down', '--force'], "Unknown option '--force'"],
])('services %j is refused with what there is, and does nothing', (args, text) => {
  const { status, stdout, stderr } = services(...args);
  expect(stderr).toContain(text);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
