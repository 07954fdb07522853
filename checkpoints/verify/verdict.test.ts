import { expect, test } from 'vitest';
import type { CouldNotCheck, Fault } from './fault.ts';
import { verificationText } from './table.ts';
import { allowMissingFrom, exitCodeOf } from './verdict.ts';

const missing = {
  lab: 'tcp-echo',
  target: 'solution-csharp',
  missing: 'csharp',
  reason: '.NET SDK is not on the PATH',
  remedy: 'install the .NET 10 SDK',
} satisfies CouldNotCheck;
const fault: Fault = { proof: 3, lab: 'tcp-echo', file: 'labs/x', what: 'half-close is red', mend: 'mend it' };

test.each([
  ['on a machine of one’s own, all may be missing', undefined, {}, undefined],
  ['in CI, nothing may', undefined, { CI: 'true' }, []],
  ['in CI, what the flag names may', 'csharp, python', { CI: 'true' }, ['csharp', 'python']],
  ['in CI, what the variable names may', undefined, { CI: 'true', VERIFY_ALLOW_MISSING: 'csharp' }, ['csharp']],
  ['the flag goes before the variable', 'python', { CI: 'true', VERIFY_ALLOW_MISSING: 'csharp' }, ['python']],
])('%s', (_, flag, env, names) => {
  expect(allowMissingFrom(flag, env)).toEqual(names);
});

test.each([
  ['everything proved', [], [], [], 0],
  ['a fault', [fault], [], [], 1],
  ['a fault beside a missing toolchain', [fault], [missing], [], 1],
  ['a missing toolchain that is not allowed', [], [missing], ['python'], 3],
  ['a missing toolchain that is allowed', [], [missing], ['csharp'], 0],
  ['a missing toolchain where all may be missing', [], [missing], undefined, 0],
])('the exit code for %s', (_, faults, couldNotCheck, allowed, code) => {
  expect(exitCodeOf({ faults, couldNotCheck }, allowed)).toBe(code);
});

test('what cannot be checked is said with its reason and its remedy, and counted apart', () => {
  const verification = { labs: [], faults: [], couldNotCheck: [missing], warnings: [], seed: 7, stuck: false };
  expect(
    verificationText(verification, { color: false, allowMissing: [] }),
  ).toBe(`? could not check tcp-echo/solution-csharp
  why   .NET SDK is not on the PATH
  mend  install the .NET 10 SDK
  or    allow it by name: --allow-missing csharp

not proved, 1 target not checked
`);
  expect(verificationText(verification, { color: false, allowMissing: undefined })).toContain(
    'proved: 0 labs, 1 target not checked',
  );
});

test('a fault is shown under its proof, with file and mend, and how to repeat the run', () => {
  const verification = { labs: [], faults: [fault], couldNotCheck: [], warnings: [], seed: 7, stuck: false };
  expect(
    verificationText(verification, { color: false, allowMissing: [] }),
  ).toBe(`Proof 3: solutions pass in every language

✗ labs/x
  what  half-close is red
  mend  mend it

not proved: 1 fault
repeat with the same choices: LAB_SEED=7 npm run verify
`);
});

test('a checkpoint that could not check is said with the targets that it would have judged, and allowed by name', () => {
  const { target: _, ...rest } = missing;
  const lacking: CouldNotCheck = {
    ...rest,
    checkpoint: 'image-runs',
    targets: ['starter', 'solution', 'mistakes/a', 'mistakes/b'],
    missing: 'container-engine',
    reason: 'no engine answers',
    remedy: 'install Docker',
  };
  const verification = { labs: [], faults: [], couldNotCheck: [missing, lacking], warnings: [], seed: 7, stuck: false };
  const text = verificationText(verification, { color: false, allowMissing: ['csharp'] });
  expect(text).toContain(`? could not check tcp-echo/image-runs
  on    starter, solution and 2 mistakes
  why   no engine answers
  mend  install Docker
  or    allow it by name: --allow-missing container-engine

not proved, 1 target and 1 checkpoint not checked`);
  expect([['csharp'], ['csharp', 'container-engine']].map((names) => exitCodeOf(verification, names))).toEqual([3, 0]);
});
