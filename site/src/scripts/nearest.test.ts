import { expect, test } from 'vitest';
import { distance, nearest } from './nearest.ts';

const PATHS = ['/chapters/networking/', '/labs/tcp-echo/', '/labs/udp-echo/', '/checkpoints/networking/', '/log/'];

test.each([
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['tcp-ehco', 'tcp-echo', 2],
])('from “%s” to “%s” it is %d changes', (a, b, changes) => {
  expect(distance(a, b)).toBe(changes);
  expect(distance(b, a)).toBe(changes);
});

test.each([
  ['/labs/tcp-ehco/', ['/labs/tcp-echo/']],
  ['/lab/tcp-echo', ['/labs/tcp-echo/', '/labs/udp-echo/']],
  ['/networking', ['/chapters/networking/', '/checkpoints/networking/']],
  ['/labs/TCP-ECHO/', ['/labs/tcp-echo/', '/labs/udp-echo/']],
  ['/wp-login.php', []],
  ['/', []],
])('%s may have meant %j', (asked, meant) => {
  expect(nearest(asked, PATHS, 3)).toEqual(meant);
});
