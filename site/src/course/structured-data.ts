import { course } from '../../../labs/course.ts';
import { profile } from '../../profile.ts';

interface Described {
  readonly path: string;
  readonly description: string;
  /** The whole address. Absent: the site does not know its own. */
  readonly url?: string;
}

const PARTS = course.phases.flatMap((phase) => [
  {
    path: `/chapters/${phase.slug}/`,
    name: phase.title,
    type: 'Chapter',
    teaches: phase.labs.map((lab) => lab.competency),
    stands: phase.status === 'written',
  },
  ...phase.labs.map((lab) => ({
    path: `/labs/${lab.slug}/`,
    name: lab.title,
    type: 'Laboratory exercise',
    teaches: lab.teaches,
    stands: lab.status === 'built',
  })),
  ...phase.writeUps.map((writeUp) => ({
    path: `/write-ups/${writeUp.slug}/`,
    name: writeUp.question,
    type: 'Article',
    teaches: [writeUp.question],
    stands: writeUp.status === 'written',
  })),
]);

/** schema.org data for the landing page and each page that teaches; undefined for the others and for what is planned. */
export function structuredData({ path, description, url }: Described): object | undefined {
  const common = { '@context': 'https://schema.org', inLanguage: 'en', description, ...(url && { url }) };
  if (path === '/') {
    return {
      ...common,
      '@type': 'Course',
      name: course.title,
      isAccessibleForFree: true,
      teaches: course.phases.flatMap(({ labs }) =>
        labs.flatMap((lab) => (lab.status === 'built' ? [lab.competency] : [])),
      ),
      ...(profile.name && { author: { '@type': 'Person', name: profile.name } }),
    };
  }
  const part = PARTS.find((entry) => entry.path === path && entry.stands);
  return (
    part && {
      ...common,
      '@type': 'LearningResource',
      name: part.name,
      learningResourceType: part.type,
      teaches: part.teaches,
      isPartOf: { '@type': 'Course', name: course.title },
    }
  );
}
