import {
  allLabs,
  builtLabs,
  type Checkpoint,
  type Course,
  type PlacedBuiltLab,
  type PlacedLab,
} from '../../labs/course-schema.ts';
import { Refusal } from './refusal.ts';
import { closest } from './suggestion.ts';

/** A lab, and those of its checkpoints that were named; none means all. */
export interface Selection {
  readonly placed: PlacedBuiltLab;
  readonly named: readonly Checkpoint[];
}

/**
 * Finds what was typed as `<lab> [checkpoint…]` or as `<lab>/<checkpoint>`.
 *
 * @throws Refusal when the lab is missing, unknown or planned, or a checkpoint is unknown.
 */
export function selectLab(course: Course, commandName: string, typed: readonly string[]): Selection {
  const [first, ...rest] = typed;
  const example = builtLabs(course)[0]?.lab.slug ?? '<lab>';
  if (first === undefined) {
    throw new Refusal(`Which lab do you want to ${commandName}?`, {
      more: [builtSentence(course)],
      next: [`npm run lab ${commandName} ${example}`],
    });
  }
  const [slug = '', ...inner] = first.replace(/\/$/, '').split('/');
  const placed = findLab(course, commandName, slug);
  const ids = [...(inner.length > 0 ? [inner.join('/')] : []), ...rest.map((word) => word.replace(`${slug}/`, ''))];
  return { placed, named: ids.map((id) => findCheckpoint(placed, commandName, id)) };
}

function findLab(course: Course, commandName: string, slug: string): PlacedBuiltLab {
  const found = allLabs(course).find((placed) => placed.lab.slug === slug);
  if (found && isBuilt(found)) return found;
  if (found) {
    throw new Refusal(
      `${slug} is planned for phase ${found.phase.number}, ${found.phase.title}; there is nothing to ${commandName} yet.`,
      { more: [builtSentence(course)], next: ['npm run lab list'] },
    );
  }
  const meant = closest(
    slug,
    allLabs(course).map((placed) => placed.lab.slug),
  );
  throw new Refusal(`There is no lab "${slug}".${meant ? ` Did you mean ${meant}?` : ''}`, {
    more: [builtSentence(course)],
    next: [meant ? `npm run lab ${commandName} ${meant}` : 'npm run lab list'],
  });
}

function findCheckpoint(placed: PlacedBuiltLab, commandName: string, id: string): Checkpoint {
  const { slug, checkpoints } = placed.lab;
  const found = checkpoints.find((checkpoint) => checkpoint.id === id);
  if (found) return found;
  const ids = checkpoints.map((checkpoint) => checkpoint.id);
  const meant = closest(id, ids);
  throw new Refusal(`${slug} has no checkpoint "${id}".${meant ? ` Did you mean ${meant}?` : ''}`, {
    more: [`Its checkpoints: ${ids.join(', ')}.`],
    ...(meant ? { next: [`npm run lab ${commandName} ${slug} ${meant}`] } : {}),
  });
}

function isBuilt(placed: PlacedLab): placed is PlacedBuiltLab {
  return placed.lab.status === 'built';
}

function builtSentence(course: Course): string {
  return `Labs that stand: ${builtLabs(course)
    .map((placed) => placed.lab.slug)
    .join(', ')}.`;
}
