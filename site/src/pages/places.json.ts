import type { APIRoute } from 'astro';
import { GLOSSARY } from '../course/glossary.ts';
import { href } from '../course/href.ts';
import { logEntries } from '../course/log.ts';
import { readingOrder } from '../course/reading-order.ts';
import type { Place } from '../scripts/place.ts';

/** Every place that the palette can lead to. Fetched when it is first opened. */
export const GET: APIRoute = async () => {
  const places: Place[] = [
    ...readingOrder.map(({ kind, title, path, planned }) => ({
      kind: planned ? `${kind}, planned` : kind,
      title,
      path: href(path),
    })),
    { kind: 'Page', title: 'Map of the course', path: href('/course/') },
    { kind: 'Page', title: 'Portfolio', path: href('/portfolio/') },
    { kind: 'Page', title: 'Learning log', path: href('/log/') },
    { kind: 'Page', title: 'Glossary', path: href('/glossary/') },
    ...GLOSSARY.map(({ term, id }) => ({ kind: 'Term', title: term, path: href(`/glossary/#${id}`) })),
    ...(await logEntries()).map(({ id, data }) => ({ kind: 'Log', title: data.title, path: href(`/log/${id}/`) })),
  ];
  return Response.json(places);
};
