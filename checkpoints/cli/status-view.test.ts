import { expect, test } from 'vitest';
import type { CheckpointState, CourseState, LabState } from './course-state.ts';
import { renderList } from './list-labs.ts';
import { renderStatus } from './status-view.ts';
import { renderWhereYouAre } from './where-you-are.ts';

const look = { width: 80, colour: false };
const checkpoint = (id: string, verdict: CheckpointState['verdict']): CheckpointState => ({
  id,
  sentence: `${id} holds for every client`,
  verdict,
  hintsShown: 0,
});
const lab = (slug: string, state: LabState['state'], checkpoints: CheckpointState[]): LabState => ({
  slug,
  title: slug.toUpperCase(),
  competency: `Doing ${slug} well`,
  kinds: ['program'],
  state,
  checkpoints,
});
const courseOf = (...labs: LabState[]): CourseState => ({
  title: 'Course',
  phases: [
    { number: 1, slug: 'networking', title: 'Networking', labs },
    { number: 2, slug: 'later', title: 'Later', labs: [lab('rest-api', 'planned', [])] },
  ],
});

const green = lab('echo', 'green', [checkpoint('a', 'passed'), checkpoint('b', 'passed')]);
const underWay = lab('chat', 'started', [
  checkpoint('a', 'passed'),
  checkpoint('b', 'could not check'),
  checkpoint('c', 'failed'),
  checkpoint('d', 'not judged'),
]);
const untouched = lab('frame', 'not started', [checkpoint('a', 'not judged')]);

test('status draws one square a checkpoint and shows planned labs as planned', () => {
  expect(renderStatus(courseOf(green, underWay, untouched), look)).toBe(`Course
3 of 7 checkpoints green. 3 of 4 labs stand so far; the others are planned.

 □ 1 Networking
 │   echo   ■─■      all 2 green
 │   chat   ■─?─✗─□  1 of 4 green, 1 red
 │   frame  □        not started
 │
 ┆ 2 Later
     planned: rest-api

 ■ green   ✗ red   ? could not check   □ not judged yet
`);
});

test('a phase is closed only when all its labs are green', () => {
  expect(renderStatus(courseOf(green), look)).toContain(' ■ 1 Networking');
  expect(renderStatus(courseOf(green, lab('x', 'planned', [])), look)).toContain(' □ 1 Networking');
});

test('status fits a narrow window', () => {
  const lines = renderStatus(courseOf(green, underWay), { width: 40, colour: false }).split('\n');
  expect(lines).toContain(' │   chat  ■?✗□  1 of 4 green, 1 red');
});

test('list', () => {
  expect(renderList(courseOf(green, underWay), look)).toBe(`1 Networking
  ✓ echo      ECHO      all 2 green
  ✗ chat      CHAT      1 of 4 green, 1 red

2 Later
  · rest-api  REST-API  planned
`);
});

test('nothing started: a greeting and the first lab', () => {
  expect(renderWhereYouAre(courseOf(untouched), look)).toBe(
    `Welcome. 2 labs in 2 phases; 1 of them stand so far. A lab gives you a starter
that runs and is wrong, and checkpoints that say in what.

The first one: FRAME. Doing frame well.

  npm run lab start frame  make your own copy to work on

  npm run lab help  every command
  npm run lab list  every lab
`,
  );
});

test('a lab under way: the red checkpoint comes before the ones that are not judged', () => {
  expect(renderWhereYouAre(courseOf(green, underWay, untouched), look)).toBe(`Green: echo.

chat  1 of 4 green, 1 red, next: c
  c holds for every client

  npm run lab watch chat   judge at every save
  npm run lab hint chat c  one step more

  npm run lab help    every command
  npm run lab status  every checkpoint
`);
});

test('one lab done: the next one', () => {
  expect(renderWhereYouAre(courseOf(green, untouched), look)).toContain(
    'Next: FRAME. Doing frame well.\n\n  npm run lab start frame',
  );
});

test('all done: the solutions to compare with', () => {
  expect(renderWhereYouAre(courseOf(green), look)).toContain('Every lab that stands is green.');
  expect(renderWhereYouAre(courseOf(green), look)).toContain('npm run lab diff echo');
});

test('a lab of which the rest could not be checked is amber, and says so', () => {
  const amber = lab('files', 'started', [checkpoint('a', 'passed'), checkpoint('b', 'could not check')]);
  expect(renderList(courseOf(amber), look)).toMatch(/\? files +FILES +1 of 2 green, 1 could not be checked/);
  expect(renderWhereYouAre(courseOf(amber), look)).toContain('next: b');
});

test('what was never judged comes before what could not be checked', () => {
  const files = lab('files', 'started', [checkpoint('a', 'could not check'), checkpoint('b', 'not judged')]);
  expect(renderWhereYouAre(courseOf(files), look)).toContain('next: b');
});
