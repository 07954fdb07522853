import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verificationText } from './table.ts';
import { LAB, TEST, TinyCourse, takeAwayTheEngine } from './tiny-course.ts';
import { exitCodeOf } from './verdict.ts';

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

test('a sound course is proved', async () => {
  const verification = await tiny.verify({ types: true });
  expect(verification.faults).toEqual([]);
  expect(verificationText(verification, { color: false, allowMissing: [] }).split('\n')[0]).toBe(
    'greeting  starter 2/2 red as listed · solution 2/2 · mistakes 2/2 caught · variants 1/1',
  );
});

describe('proof 2', () => {
  test('a starter that is green already', async () => {
    await tiny.replace(`${LAB}/starter/greeting.ts`, "'Welcome '", "'Welcome, '.concat(name)");
    expect(await tiny.faults()).toEqual([
      {
        proof: 2,
        file: `${LAB}/starter`,
        what: 'greets is green in the starter already',
        mend: `take out of the starter what it asks for, or give it passesInStarter: '<why>' in ${LAB}/lab.ts`,
      },
    ]);
    tiny.change('greets', { passesInStarter: 'it is where one begins' });
    expect(await tiny.faults()).toEqual([]);
  });

  test('a starter that is red where the manifest says green', async () => {
    tiny.change('trims', { passesInStarter: 'so it was thought' });
    expect(await tiny.faults()).toEqual([
      {
        proof: 2,
        file: `${LAB}/starter`,
        what: 'trims is red in the starter, and the manifest says it passes',
        mend: `take passesInStarter out of ${LAB}/lab.ts`,
      },
    ]);
  });

  test('a starter that cannot be loaded', async () => {
    await tiny.replace(
      `${LAB}/starter/greeting.ts`,
      'export',
      "if (Date.now() > 0) throw new Error('unfinished');\nexport",
    );
    const found = (await tiny.verify()).faults;
    expect(found.map(({ proof, file, what }) => ({ proof, file, what }))).toEqual([
      { proof: 2, file: `${LAB}/starter`, what: 'greets fails because the starter does not start' },
      { proof: 2, file: `${LAB}/starter`, what: 'trims fails because the starter does not start' },
    ]);
    expect(found[0]?.details?.join('\n')).toContain('Error: unfinished');
  });

  test('a starter that breaks the checkpoint instead of failing it', async () => {
    await tiny.replace(`${LAB}/starter/greeting.ts`, "'Welcome '", 'undefined as unknown as string');
    expect(await tiny.faults()).toMatchObject([
      { proof: 2, file: TEST, what: 'trims breaks by itself when it judges starter' },
    ]);
  });

  test('a starter that does not type-check', async () => {
    await tiny.replace(`${LAB}/starter/greeting.ts`, "name === ''", 'name.length === name');
    expect(await tiny.faults({ types: true })).toEqual([
      {
        proof: 2,
        file: `${LAB}/starter/greeting.ts:5`,
        what: "does not type-check: TS2367: This comparison appears to be unintentional because the types 'number' and 'string' have no overlap.",
        mend: 'mend the line',
      },
    ]);
  });
});

test('proof 3: a solution that fails, with the whole report and the seed', async () => {
  await tiny.remove(`${LAB}/mistakes`);
  await tiny.replace(`${LAB}/solution/greeting.ts`, '.trim()', '');
  const { faults: found, seed } = await tiny.verify();
  const [fault] = found.filter(({ proof }) => proof === 3);
  expect(fault).toEqual({
    proof: 3,
    lab: 'greeting',
    file: `${LAB}/solution`,
    what: 'trims is red',
    mend: 'mend the solution, or the checkpoint if it is wrong',
    details: [
      '✗ trims  spaces around a name are left out of the greeting',
      '  expected  no spaces around the name',
      '  received  "Welcome,  Ada "',
      '  usually   the name is used as it was typed',
      `  seed ${seed}`,
    ],
  });
});

describe('proof 5', () => {
  test('a variant that fails', async () => {
    await tiny.replace(`${LAB}/variants/replace/greeting.ts`, 'WELCOME.concat', 'WELCOME.trim().concat');
    expect(await tiny.faults()).toEqual([
      {
        proof: 5,
        file: `${LAB}/variants/replace`,
        what: 'greets is red',
        mend: `if the brief asks for it, mend the variant; if not, ${TEST} asks for too much`,
      },
    ]);
  });

  test('a lab without a variant', async () => {
    await tiny.remove(`${LAB}/variants`);
    expect(await tiny.faults()).toMatchObject([{ proof: 5, file: `${LAB}/variants`, what: 'the lab has no variant' }]);
  });
});

describe('a checkpoint that lacks something on this machine', () => {
  beforeEach(() => takeAwayTheEngine(tiny));

  test('is neither red nor green, and is listed once with all that it would have judged', async () => {
    const verification = await tiny.verify();
    expect(verification.faults).toEqual([]);
    expect(verification.couldNotCheck).toEqual([
      {
        lab: 'greeting',
        checkpoint: 'trims',
        targets: ['starter', 'solution', 'mistakes/no-trim', 'variants/replace'],
        missing: 'engine',
        reason: 'no engine answers',
        remedy: 'install one',
      },
    ]);
    expect(verificationText(verification, { color: false, allowMissing: [] })).toBe(
      `greeting  starter 1/2 red as listed (1 could not check) · solution 1/2 (1 could not check) · mistakes 1/2 caught (1 could not check) · variants 1/1

? could not check greeting/trims
  on    starter, solution, variants/replace and 1 mistake
  why   no engine answers
  mend  install one
  or    allow it by name: --allow-missing engine

! evidence  checkpoints/evidence/greeting.json was never recorded
  mend  npm run record -- --lab greeting

not proved, 1 checkpoint not checked
`,
    );
    expect([[], ['engine'], undefined].map((allowed) => exitCodeOf(verification, allowed))).toEqual([3, 0, 0]);
  });

  test('hides nothing that the others find', async () => {
    await tiny.replace(`${LAB}/solution/greeting.ts`, 'return `Welcome, ', 'return `Hello, ');
    expect((await tiny.verify()).faults).toContainEqual(
      expect.objectContaining({ proof: 3, file: `${LAB}/solution`, what: 'greets is red' }),
    );
  });
});
