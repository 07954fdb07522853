import { course } from '../../../labs/course.ts';
import { allLabs } from '../../../labs/course-schema.ts';
import { profile } from '../../profile.ts';
import { totals } from './portfolio.ts';
import { caughtOf, passedWhere, proofOf } from './proof.ts';
import { readingOrder } from './reading-order.ts';

/** What stands on the picture that is shown with a link to a page. */
export interface Card {
  readonly path: string;
  readonly title: string;
  readonly label: string;
  /** What is proved, out of recorded evidence. */
  readonly proof?: string;
  /** Number of the phase whose station is closed. */
  readonly phase?: number;
}

/** A card for every page of the course that stands, and for the portfolio and the log. */
export function cards(): Card[] {
  const { built, labs, checkpointsPassed, mistakesCaught } = totals();
  const sum = `${built} of ${labs} labs stand · ${checkpointsPassed} checkpoints passed · ${mistakesCaught} wrong solutions caught`;
  return [
    { path: '/', title: course.title, label: 'A workbook of backend engineering', proof: sum },
    { path: '/portfolio/', title: profile.name || profile.role, label: 'Portfolio', proof: sum },
    { path: '/log/', title: 'Learning log', label: 'Studied, built, misunderstood, understood' },
    ...readingOrder.filter(({ path, planned }) => path !== '/' && !planned).map(cardOfStop),
  ];
}

function cardOfStop({ path, title, kind }: (typeof readingOrder)[number]): Card {
  const placed = allLabs(course).find(({ lab }) => path === `/labs/${lab.slug}/`);
  const phase = course.phases.find(
    (entry) =>
      entry === placed?.phase ||
      path.endsWith(`/${entry.slug}/`) ||
      entry.writeUps.some(({ slug }) => path === `/write-ups/${slug}/`),
  );
  const proof = placed?.lab.status === 'built' ? proofOf(placed.lab) : undefined;
  return {
    path,
    title,
    label: `${kind} · phase ${phase?.number}, ${phase?.title.toLowerCase()}`,
    ...(phase && { phase: phase.number }),
    ...(proof && {
      proof: `${proof.checkpointsPassed} of ${proof.checkpoints} checkpoints passed${passedWhere(proof)} · ${caughtOf(proof, 'wrong solutions')}`,
    }),
  };
}

const paths = new Set(cards().map(({ path }) => path));

/** The address of the card of a page: its own, or that of the nearest page above it. */
export function cardOf(path: string): string {
  let at = path;
  while (!paths.has(at)) at = at.replace(/[^/]*\/$/, '');
  return `/cards${at === '/' ? '/start' : at.replace(/\/$/, '')}.png`;
}
