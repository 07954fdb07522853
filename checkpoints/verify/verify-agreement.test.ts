import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LAB, TEST, TinyCourse } from './tiny-course.ts';

const CHAPTER = 'site/src/content/chapters/1-networking.mdx';

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

describe('proof 1', () => {
  test('a manifest with a fault ends the proof there', async () => {
    tiny.change('greets', { hints: [] });
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/lab.ts`,
        what: 'checkpoints[0].hints has 0 entries',
        mend: 'give at least 1',
      },
    ]);
  });

  test('an empty hint', async () => {
    tiny.change('greets', { hints: ['Who is it?', ' '] });
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/lab.ts`,
        what: 'checkpoints[0].hints[1] is empty',
        mend: 'write a non-empty text',
      },
    ]);
  });

  test('a sentence that differs from the manifest', async () => {
    await tiny.replace(TEST, 'a guest is greeted by their name', 'a guest is greeted');
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: TEST,
        what: '"greets" says "a guest is greeted"; the manifest says "a guest is greeted by their name"',
        mend: `make both the same in ${LAB}/lab.ts`,
      },
    ]);
  });

  test('tests in another order than the manifest', async () => {
    tiny.lab = { ...tiny.lab, checkpoints: tiny.lab.checkpoints.toReversed() };
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: TEST,
        what: 'the tests run in the order greets, trims',
        mend: `put them in the order of ${LAB}/lab.ts: trims, greets`,
      },
    ]);
  });

  test('a test that the manifest does not have, and a checkpoint without a test', async () => {
    await tiny.replace(TEST, "checkpoint('trims'", "checkpoint('strips'");
    const found = await tiny.faults();
    expect(found).toContainEqual({
      proof: 1,
      file: TEST,
      what: 'no test of "trims" ran',
      mend: `write checkpoint('trims', …), or take it out of ${LAB}/lab.ts`,
    });
    expect(found).toContainEqual({
      proof: 1,
      file: TEST,
      what: '"strips" is no checkpoint of the manifest',
      mend: `add it to ${LAB}/lab.ts, with its hints`,
    });
  });

  test('a TODO without a checkpoint', async () => {
    await tiny.replace(`${LAB}/starter/greeting.ts`, 'TODO(trims)', 'TODO(strips)');
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/starter/greeting.ts:4`,
        what: 'TODO(strips) names no checkpoint of greeting',
        mend: 'use one of greets, trims',
      },
      {
        proof: 1,
        file: `${LAB}/starter`,
        what: 'no TODO(trims) shows where trims is missing',
        mend: `write TODO(trims): … where the work belongs, or give the checkpoint passesInStarter in ${LAB}/lab.ts`,
      },
    ]);
  });

  test.each([
    ['names nothing', 'TODO: spaces', 'a TODO names no checkpoint'],
    ['says nothing', 'TODO(trims):', 'TODO(trims) says nothing'],
  ])('a TODO that %s', async (_, text, what) => {
    await tiny.replace(
      `${LAB}/starter/greeting.ts`,
      '// TODO(trims): a name typed with spaces looks like any other.',
      `// TODO(trims): spaces.\n  // ${text}`,
    );
    expect(await tiny.faults()).toMatchObject([{ proof: 1, file: `${LAB}/starter/greeting.ts:5`, what }]);
  });

  test('a solution that leaves something to do', async () => {
    await tiny.replace(`${LAB}/variants/replace/greeting.ts`, 'const WELCOME', '// TODO later\nconst WELCOME');
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/variants/replace/greeting.ts:1`,
        what: 'a finished solution holds a TODO',
        mend: 'do it, or say "Simplified: … In production: …"',
      },
    ]);
  });

  test('a checkpoint that sends to a heading which is not there', async () => {
    tiny.change('trims', { read: 'white-space' });
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/lab.ts`,
        what: `"white-space", which trims say to read, is no heading of ${CHAPTER}`,
        mend: 'use one of names, spaces, or add the heading',
      },
    ]);
  });

  test('a chapter that is not there', async () => {
    await tiny.remove(CHAPTER);
    expect(await tiny.faults()).toEqual([
      { proof: 1, file: CHAPTER, what: 'the chapter does not exist, and checkpoints say to read it', mend: 'write it' },
    ]);
  });

  test('stray files, each where it lies', async () => {
    await tiny.write(`${LAB}/notes.txt`, 'x');
    await tiny.write(`${LAB}/mistakes/notes.md`, 'x');
    await tiny.write(`${LAB}/solution-python/greeting.py`, 'x');
    await tiny.write('labs/1-networking/farewell/lab.ts', 'x');
    await tiny.write('checkpoints/1-networking/farewell.test.ts', 'x');
    await tiny.write('labs/7-more/lab.ts', 'x');
    const found = await tiny.faults();
    expect(found.map(({ proof, file, what }) => `${proof} ${file} ${what}`).toSorted()).toEqual([
      '1 checkpoints/1-networking/farewell.test.ts belongs to no built lab',
      '1 labs/1-networking/farewell belongs to no lab of the manifest',
      `1 ${LAB}/mistakes/notes.md is a stray file`,
      `1 ${LAB}/notes.txt is a stray file`,
      `1 ${LAB}/solution-python is a solution that the manifest does not list`,
      '1 labs/7-more belongs to no phase',
    ]);
  });

  test('what a learner or a tool leaves is nobody’s business', async () => {
    await tiny.write(`${LAB}/attempt/greeting.ts`, 'no TypeScript at all');
    await tiny.write(`${LAB}/attempt.2026-01-01/greeting.ts`, '// #region half');
    await tiny.write(`${LAB}/progress.json`, '{}');
    await tiny.write(`${LAB}/solution/__pycache__/x.pyc`, 'x');
    expect(await tiny.faults()).toEqual([]);
  });

  test('a folder of a lab that is still planned', async () => {
    await tiny.write('labs/2-foundations/planned-foundations/brief.md', 'x');
    expect(await tiny.faults()).toMatchObject([
      {
        proof: 1,
        file: 'labs/2-foundations/planned-foundations',
        what: 'belongs to a lab that is still planned',
      },
    ]);
  });

  test('a missing brief, diagram source and solution', async () => {
    await tiny.remove(`${LAB}/brief.md`);
    await tiny.remove('diagrams/1-networking/greeting.mmd');
    await tiny.remove('diagrams/1-networking/greeting.svg');
    tiny.lab = { ...tiny.lab, entry: { ...tiny.lab.entry, python: 'greeting.py' } };
    expect(await tiny.faults()).toEqual([
      {
        proof: 1,
        file: `${LAB}/brief.md`,
        what: 'does not exist',
        mend: 'write the contract that a stranger can implement',
      },
      {
        proof: 1,
        file: `${LAB}/solution-python/greeting.py`,
        what: 'does not exist',
        mend: `write it, or mend entry.python in ${LAB}/lab.ts`,
      },
      {
        proof: 1,
        file: 'diagrams/1-networking/greeting.mmd',
        what: 'does not exist',
        mend: `draw it, or mend diagrams in ${LAB}/lab.ts`,
      },
    ]);
  });

  test('a test file that breaks before its first checkpoint', async () => {
    await tiny.replace(TEST, 'type Greeting', "throw new Error('broken on purpose');\ntype Greeting");
    const [found] = (await tiny.verify()).faults;
    expect(found).toMatchObject({ proof: 1, file: TEST, what: 'the test file breaks (with starter)' });
    expect(found?.details?.join('\n')).toContain('broken on purpose');
  });

  test('an error that comes out of no test, with the results kept', async () => {
    await tiny.replace(TEST, 'type Greeting', "setTimeout(() => { throw new Error('later'); }, 0);\ntype Greeting");
    const { faults, labs } = await tiny.verify();
    expect(faults).toMatchObject([
      { proof: 3, file: 'checkpoints', what: 'the checkpoints break in a way that belongs to no test' },
    ]);
    expect(faults[0]?.details?.[0]).toBe('Error: later');
    expect(labs[0]?.targets.map(({ state }) => state)).toEqual(['ran', 'ran', 'ran', 'ran', 'ran']);
  });
});
