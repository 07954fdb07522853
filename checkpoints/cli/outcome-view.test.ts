import { expect, test } from 'vitest';
import { type OutcomeView, renderOutcome, renderUnchecked } from './outcome-view.ts';
import type { Outcome } from './report.ts';

const view: OutcomeView = {
  lab: 'tcp-echo',
  idWidth: 10,
  readingOf: () => 'chapter 1, Half-close (/chapters/networking/#half-close)',
  look: { width: 80, colour: false },
};

const red: Outcome = {
  id: 'half-close',
  sentence: 'a client that ends its side still receives every byte that it sent',
  verdict: 'failed',
  durationMs: 12,
  failure: {
    kind: 'assertion',
    sent: '65,536 bytes, then FIN',
    expected: '65,536 bytes, then the end',
    received: '16,384 bytes, then your server closed the connection',
    usually: 'the server ends its side as soon as it sees the FIN, with bytes still waiting to be written',
  },
};

test('a red checkpoint', () => {
  expect(renderOutcome(red, view)).toBe(
    `✗ half-close   a client that ends its side still receives every byte that it
               sent

  sent       65,536 bytes, then FIN
  expected   65,536 bytes, then the end
  received   16,384 bytes, then your server closed the connection

  usually    the server ends its side as soon as it sees the FIN, with bytes
             still waiting to be written
  read       chapter 1, Half-close (/chapters/networking/#half-close)
  next       npm run lab hint tcp-echo half-close
`,
  );
});

test('details keep their columns and obey no control character', () => {
  const details = ['expected  61 62\nreceived  61 63\n             ^^ offset 1', 'log \x1b[2Jline', 'seed 7'];
  const text = renderOutcome({ ...red, failure: { ...red.failure, details } }, view);
  expect(text).toContain(`
  expected  61 62
  received  61 63
               ^^ offset 1
  log line
  seed 7

  read       chapter 1`);
});

test('in a narrow window the sentence stands under a long id', () => {
  const text = renderOutcome(
    { ...red, id: 'a-very-long-checkpoint-id' },
    { ...view, look: { width: 40, colour: false } },
  );
  expect(text.split('\n').slice(0, 3)).toEqual([
    '✗ a-very-long-checkpoint-id',
    '  a client that ends its side still',
    '  receives every byte that it sent',
  ]);
});

test('colour marks the sign and the id, and changes no column', () => {
  const coloured = renderOutcome(red, { ...view, look: { width: 80, colour: true } });
  expect(coloured.startsWith('\x1b[31m✗ half-close   \x1b[39ma client')).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
  expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderOutcome(red, view));
});

test('a green one is one line', () => {
  const green: Outcome = { id: 'echo', sentence: red.sentence, verdict: 'passed', durationMs: 12.4 };
  expect(renderOutcome(green, view)).toBe(
    '✓ echo         12 ms  a client that ends its side still receives every byte tha…\n',
  );
});

test('one that could not be checked says why and how to mend it', () => {
  const amber: Outcome = {
    id: 'memory',
    sentence: 'memory stays bounded',
    verdict: 'could not check',
    reason: 'ps is missing',
    remedy: 'install procps',
  };
  expect(renderOutcome(amber, view)).toBe(`? memory   memory stays bounded

  because    ps is missing
  mend       install procps
`);
});

test('a run that could not take place', () => {
  expect(renderUnchecked('tcp-echo, solution-csharp', '.NET SDK is not on the PATH', 'install it', view.look)).toBe(
    `? tcp-echo, solution-csharp could not be checked

  because    .NET SDK is not on the PATH
  mend       install it
`,
  );
});
