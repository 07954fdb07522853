import { expect, test } from 'vitest';
import { renderDiff } from './show-diff.ts';

const look = { width: 80, colour: false };

test('changed, missing, additional and binary files', () => {
  const yours = new Map([
    ['server.ts', 'one\ntwo\n'],
    ['mine.ts', 'mine\n'],
    ['same.ts', 'same\n'],
    ['logo.png', undefined],
  ]);
  const ours = new Map([
    ['server.ts', 'one\nTWO\n'],
    ['theirs.ts', 'theirs\n'],
    ['same.ts', 'same\n'],
  ]);
  expect(renderDiff({ yours, ours, solution: 'solution', look })).toBe(
    `Lines with - are yours, lines with + are solution/'s.

--- attempt/logo.png
+++ nothing of that name
(not text)

--- attempt/mine.ts
+++ nothing of that name
@@ -1,1 +0,0 @@
-mine

--- attempt/server.ts
+++ solution/server.ts
@@ -1,2 +1,2 @@
 one
-two
+TWO

--- nothing of that name
+++ solution/theirs.ts
@@ -0,0 +1,1 @@
+theirs
`,
  );
});

test('no difference is said, not shown as nothing', () => {
  const tree = new Map([['server.py', 'x\n']]);
  expect(renderDiff({ yours: tree, ours: tree, solution: 'solution-python', look })).toBe(
    'Your attempt and solution-python/ are the same.\n',
  );
});

test('colour', () => {
  const text = renderDiff({
    yours: new Map([['a', 'x\n']]),
    ours: new Map([['a', 'y\n']]),
    solution: 'solution',
    look: { width: 80, colour: true },
  });
  expect(text).toContain('\x1b[31m-x\x1b[39m\n\x1b[32m+y\x1b[39m');
});
