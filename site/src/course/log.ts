import { type CollectionEntry, getCollection } from 'astro:content';

/** Every entry of the learning log, the latest day first; within a day by title. */
export async function logEntries(): Promise<CollectionEntry<'log'>[]> {
  const entries = await getCollection('log');
  return entries.sort(
    (a, b) => b.data.date.getTime() - a.data.date.getTime() || a.data.title.localeCompare(b.data.title, 'en-GB'),
  );
}
