import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf, labInputs } from '../record/inputs-hash.ts';
import { LAB, patch, TEST, TinyCourse, takeAwayTheEngine } from './tiny-course.ts';

let tiny: TinyCourse;
beforeEach(async () => {
  tiny = await TinyCourse.make();
});
afterEach(() => tiny[Symbol.asyncDispose]());

describe('proof 4', () => {
  const file = `${LAB}/mistakes/no-trim.patch`;
  const messages = [
    'expected  no spaces around the name\nreceived  "Welcome,  Ada "\nusually   the name is used as it was typed',
  ];

  test('a mistake that nothing catches', async () => {
    await tiny.write(file, patch({ checkpoint: 'trims', from: 'name.trim()', to: 'name.trim().trim()', messages }));
    const found = await tiny.faults();
    expect(found).toContainEqual({
      proof: 4,
      file,
      what: 'is not caught by trims, and nothing else does',
      mend: `sharpen the checkpoint in ${TEST}, or make the mistake worse`,
    });
  });

  test('a mistake that another checkpoint catches', async () => {
    await tiny.write(file, patch({ checkpoint: 'trims', from: 'Welcome', to: 'Hello', messages }));
    expect(await tiny.faults()).toMatchObject([
      {
        proof: 4,
        file,
        what: 'is not caught by trims; greets catches it',
        mend: 'name the checkpoint that catches it, or sharpen the one it names',
      },
    ]);
  });

  test('a message that is not the approved one', async () => {
    await tiny.replace(file, 'as it was typed', 'as it came');
    const [fault, ...others] = (await tiny.verify()).faults;
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      proof: 4,
      file,
      what: 'gets another message than the approved one',
      mend: "mend the checkpoint's words, or npm run mistake approve greeting no-trim",
    });
    expect(fault?.details?.join('\n')).toMatch(/approved:.*as it came.*now:.*as it was typed/s);
  });

  test('a mistake without an approved message', async () => {
    await tiny.write(file, patch({ checkpoint: 'trims', from: 'name.trim()', to: 'name', messages: [] }));
    expect(await tiny.faults()).toMatchObject([{ proof: 4, file, what: 'has no approved message' }]);
  });

  test('a mistake whose checkpoint could not check is neither caught nor missed', async () => {
    await takeAwayTheEngine(tiny);
    expect(await tiny.faults()).toEqual([]);
  });

  test('a mistake whose checkpoint could not check still needs its approved message', async () => {
    await takeAwayTheEngine(tiny);
    await tiny.write(file, patch({ checkpoint: 'trims', from: 'name.trim()', to: 'name', messages: [] }));
    expect(await tiny.faults()).toMatchObject([
      {
        proof: 4,
        file,
        what: 'has no approved message',
        mend: 'read the one that npm run mistake approve greeting no-trim shows, where engine is to be had',
      },
    ]);
  });

  test('a patch that does not apply', async () => {
    await tiny.replace(`${LAB}/solution/greeting.ts`, 'Welcome, ${name', 'Welcome, ${name.concat()');
    await tiny.replace(`${LAB}/solution/greeting.ts`, 'name.concat().trim()', 'name.toString().trim()');
    expect(await tiny.faults()).toEqual(
      ['no-name', 'no-trim'].map((name) => ({
        proof: 4,
        file: `${LAB}/mistakes/${name}.patch`,
        what: 'does not apply to solution/greeting.ts',
        mend: `npm run mistake edit greeting ${name}, change the files it names, then npm run mistake save greeting ${name}`,
      })),
    );
  });

  test('a patch that cannot be read', async () => {
    await tiny.replace(file, 'Title:', 'Heading:');
    expect(await tiny.faults()).toContainEqual({
      proof: 4,
      file,
      what: 'has an unknown field "Heading"',
      mend: 'use Checkpoint, Title, Tempting, Message',
    });
  });

  test('a mistake that does not type-check', async () => {
    await tiny.write(file, patch({ checkpoint: 'trims', from: 'name.trim()', to: 'name + unknownName', messages }));
    expect(await tiny.faults({ types: true })).toContainEqual({
      proof: 4,
      file,
      what: "does not type-check: TS2304: Cannot find name 'unknownName'.",
      mend: 'npm run mistake edit greeting no-trim, mend it, and save it',
    });
  });

  test('a checkpoint without a mistake', async () => {
    await tiny.remove(file);
    expect(await tiny.faults()).toEqual([
      {
        proof: 4,
        file: `${LAB}/mistakes`,
        what: 'no mistake names trims',
        mend: 'npm run mistake edit greeting <name>: write one it catches',
      },
    ]);
  });

  describe('with current evidence', () => {
    const evidence = 'checkpoints/evidence/greeting.json';

    /** Evidence of the files as they are, that says who else catches no-trim. */
    async function record(alsoCaughtBy: readonly string[]): Promise<void> {
      const inputsHash = await hashOf(tiny.root, await labInputs(tiny.placed, tiny.root));
      const mistakes = [
        { name: 'no-name', checkpoint: 'greets', caught: true, alsoCaughtBy: [] },
        { name: 'no-trim', checkpoint: 'trims', caught: true, alsoCaughtBy },
      ];
      await tiny.write(evidence, JSON.stringify({ lab: 'greeting', inputsHash, targets: [], mistakes }));
    }

    test('a mistake is judged by its own checkpoint alone, and the evidence says who else catches it', async () => {
      await record([]);
      const { labs, faults, warnings } = await tiny.verify();
      expect([faults, warnings]).toEqual([[], []]);
      const judged = labs[0]?.targets.find(({ name }) => name === 'mistakes/no-trim');
      expect(judged?.state === 'ran' && judged.checkpoints.map(({ id }) => id)).toEqual(['trims']);
      await record(['greets', 'waves', 'bows']);
      expect(await tiny.faults()).toMatchObject([
        {
          proof: 4,
          file: `${LAB}/mistakes`,
          what: 'every mistake that names trims is caught by more than 3 checkpoints',
        },
      ]);
    });

    test('evidence that is stale is not believed', async () => {
      await record(['greets', 'waves', 'bows']);
      await tiny.write(`${LAB}/brief.md`, '# Greeting, revised\n');
      const { labs, faults, warnings } = await tiny.verify();
      expect(faults).toEqual([]);
      expect(warnings).toMatchObject([{ file: evidence, what: 'was recorded before its inputs changed' }]);
      const judged = labs[0]?.targets.find(({ name }) => name === 'mistakes/no-trim');
      expect(judged?.state === 'ran' && judged.checkpoints.map(({ id }) => id)).toEqual(['greets', 'trims']);
    });
  });
});
