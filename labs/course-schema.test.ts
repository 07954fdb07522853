import { expect, test } from 'vitest';
import { course } from './course.ts';
import { allLabs, type BuiltLab, type Course, validateCourse } from './course-schema.ts';

const soundLab: BuiltLab = {
  status: 'built',
  slug: 'sound',
  title: 'Sound',
  competency: 'Being sound',
  teaches: ['be sound'],
  kinds: ['module'],
  services: [],
  entry: { typescript: 'sound.ts' },
  diagrams: ['sound'],
  checkpoints: [{ id: 'one', sentence: 'the first thing holds', read: 'one', hints: ['Look again.'] }],
};

/** The real course with its first lab replaced. */
function courseWith(lab: unknown): Course {
  const [first, ...rest] = course.phases;
  if (!first) throw new Error('the course has no phase');
  return { ...course, phases: [{ ...first, labs: [lab as BuiltLab] }, ...rest] };
}

function faultsOf(lab: unknown): string[] {
  return validateCourse(courseWith(lab)).map((fault) => `${fault.where} ${fault.what}`);
}

test('the manifest is sound and holds six phases and nineteen labs', () => {
  expect(validateCourse(course)).toEqual([]);
  expect(course.phases).toHaveLength(6);
  expect(allLabs(course)).toHaveLength(19);
});

test('a lab that is sound has no faults', () => {
  expect(faultsOf(soundLab)).toEqual([]);
});

const [sound] = soundLab.checkpoints;

test.each([
  ['a sentence with "should"', { ...sound, sentence: 'it should do this thing' }, 'says "should"'],
  ['a sentence with a full stop', { ...sound, sentence: 'it does this thing.' }, 'ends in a full stop'],
  ['a sentence that is a word', { ...sound, sentence: 'works' }, 'is only "works"'],
  ['no hint', { ...sound, hints: [] }, 'has 0 entries'],
  ['an empty hint', { ...sound, hints: [' '] }, 'is empty'],
  ['four hints', { ...sound, hints: ['a', 'b', 'c', 'd'] }, 'has 4 entries'],
  ['an id that is no slug', { ...sound, id: 'Half Close' }, 'is "Half Close"'],
  ['a missing id', { ...sound, id: undefined }, 'is missing'],
  ['a heading that is no slug', { ...sound, read: '#half close' }, 'is "#half close"'],
])('%s is reported where it stands', (_, checkpoint, what) => {
  const faults = faultsOf({ ...soundLab, checkpoints: [checkpoint] });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain('phases[0].labs[0].checkpoints[0]');
  expect(faults[0]).toContain(what);
});

test('two checkpoints with one id are reported with the place of the first', () => {
  expect(faultsOf({ ...soundLab, checkpoints: [sound, sound] })).toEqual([
    'phases[0].labs[0].checkpoints[1].id "one" already stands at phases[0].labs[0].checkpoints[0].id',
  ]);
});

test('a slug of another lab is reported', () => {
  expect(faultsOf({ ...soundLab, slug: 'rest-api' })).toContain(
    'phases[1].labs[0].slug "rest-api" already stands at phases[0].labs[0].slug',
  );
});

test('every fault says how to mend it', () => {
  const broken = { ...soundLab, kinds: ['website'], services: ['mysql'], diagrams: [], entry: {}, status: 'done' };
  for (const fault of validateCourse(courseWith(broken))) expect(fault.mend).not.toBe('');
  expect(validateCourse({ ...course, phases: [] }).map((fault) => fault.mend)).toEqual([
    'the course has 6 phases, for good',
  ]);
});
