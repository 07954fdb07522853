import { type CourseState, type LabState, labWords, nextCheckpoint } from './course-state.ts';
import { type Look, paint } from './look.ts';
import { displayWidth, hang, pad, wrapText } from './wrap-text.ts';

/** What `npm run lab` alone says: where you are, and the next thing to type. */
export function renderWhereYouAre(course: CourseState, look: Look): string {
  const labs = course.phases.flatMap((phase) => phase.labs).filter((lab) => lab.state !== 'planned');
  const underWay = labs.filter((lab) => lab.state === 'started');
  const green = labs.filter((lab) => lab.state === 'green');
  const untouched = labs.find((lab) => lab.state === 'not started');
  const paragraphs = [
    ...(underWay.length + green.length === 0 ? [greeting(course, labs.length, look)] : []),
    ...(green.length > 0 ? [hang('Green: ', `${green.map((lab) => lab.slug).join(', ')}.`, look.width)] : []),
    ...underWay.map((lab) => renderUnderWay(lab, look)),
    ...(underWay.length === 0 ? [onward(untouched, green.at(-1), look)] : []),
    commandList(
      [['npm run lab help', 'every command'], ...(underWay.length + green.length === 0 ? listing : overview)],
      look,
    ),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

type Line = readonly [command: string, meaning: string];

const listing: readonly Line[] = [['npm run lab list', 'every lab']];
const overview: readonly Line[] = [['npm run lab status', 'every checkpoint']];

function greeting(course: CourseState, built: number, look: Look): string {
  const all = course.phases.flatMap((phase) => phase.labs).length;
  const text =
    `Welcome. ${all} labs in ${course.phases.length} phases; ${built} of them stand so far. ` +
    'A lab gives you a starter that runs and is wrong, and checkpoints that say in what.';
  return wrapText(text, look.width).join('\n');
}

function renderUnderWay(lab: LabState, look: Look): string {
  const next = nextCheckpoint(lab);
  const head = `${paint(look, 'strong', lab.slug)}  ${labWords(lab)}${next ? `, next: ${next.id}` : ''}`;
  const sentence = next ? [hang('  ', next.sentence, look.width)] : [];
  return [
    [head, ...sentence].join('\n'),
    commandList(
      [
        [`npm run lab watch ${lab.slug}`, 'judge at every save'],
        ...(next ? [[`npm run lab hint ${lab.slug} ${next.id}`, 'one step more'] as const] : []),
      ],
      look,
    ),
  ].join('\n\n');
}

function onward(next: LabState | undefined, last: LabState | undefined, look: Look): string {
  if (!next) {
    const text = 'Every lab that stands is green. You can compare your attempts with the solutions:';
    return [
      wrapText(text, look.width).join('\n'),
      commandList([[`npm run lab diff ${last?.slug ?? '<lab>'}`, '']], look),
    ].join('\n\n');
  }
  const lead = last ? 'Next: ' : 'The first one: ';
  return [
    wrapText(`${lead}${next.title}. ${next.competency}.`, look.width).join('\n'),
    commandList([[`npm run lab start ${next.slug}`, 'make your own copy to work on']], look),
  ].join('\n\n');
}

function commandList(lines: readonly Line[], look: Look): string {
  const width = Math.max(...lines.map(([command]) => displayWidth(command)));
  return lines
    .map(([command, meaning]) => {
      const painted = paint(look, 'strong', command);
      if (meaning === '') return `  ${painted}`;
      const room = look.width - width - 4;
      return room < displayWidth(meaning) ? `  ${painted}` : `  ${pad(painted, width)}  ${meaning}`;
    })
    .join('\n');
}
