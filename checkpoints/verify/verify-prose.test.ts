import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LAB, TinyCourse } from './tiny-course.ts';

const CHAPTER = 'site/src/content/chapters/1-networking.mdx';

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

describe('proof 6', () => {
  test('a quoted region that is missing', async () => {
    await tiny.replace(CHAPTER, 'name="greet"', 'name="welcome"');
    expect(await tiny.faults()).toEqual([
      {
        proof: 6,
        file: `${CHAPTER}:3`,
        what: `quotes region "welcome", which ${LAB}/solution/greeting.ts does not have`,
        mend: 'use one of greet',
      },
    ]);
  });

  test('a quoted file that is missing', async () => {
    await tiny.replace(CHAPTER, 'solution/greeting.ts', 'solution/hello.ts');
    expect(await tiny.faults()).toMatchObject([
      { proof: 6, file: `${CHAPTER}:3`, what: `quotes ${LAB}/solution/hello.ts, which does not exist` },
    ]);
  });

  test('a region that is never closed', async () => {
    await tiny.replace(`${LAB}/variants/replace/greeting.ts`, 'export', '// #region greet\nexport');
    expect(await tiny.faults()).toEqual([
      {
        proof: 6,
        file: `${LAB}/variants/replace/greeting.ts:2`,
        what: 'region "greet" is never closed',
        mend: 'write "#endregion greet" after its last line',
      },
    ]);
  });

  test('a diagram that changed since it was drawn', async () => {
    await tiny.replace('diagrams/1-networking/greeting.mmd', 'name -->', 'guest -->');
    expect(await tiny.faults()).toEqual([
      {
        proof: 6,
        file: 'diagrams/1-networking/greeting.mmd',
        what: 'has changed since it was drawn',
        mend: 'run npm run diagrams',
      },
    ]);
  });

  test('evidence that is missing is a warning, for check to refuse', async () => {
    const { warnings } = await tiny.verify();
    expect(warnings).toEqual([
      {
        file: 'checkpoints/evidence/greeting.json',
        what: 'was never recorded',
        mend: 'npm run record -- --lab greeting',
      },
    ]);
  });
});
