import { getCollection } from 'astro:content';
import rss, { type RSSFeedItem } from '@astrojs/rss';
import type { APIRoute, GetStaticPaths } from 'astro';
import { course } from '../../../labs/course.ts';
import { experimentProvenance } from '../course/evidence.ts';
import { FEEDS } from '../course/feeds.ts';
import { href } from '../course/href.ts';
import { logEntries } from '../course/log.ts';

export const getStaticPaths = (() =>
  import.meta.env.SITE
    ? FEEDS.map((feed) => ({ params: { feed: feed.name }, props: { feed } }))
    : []) satisfies GetStaticPaths;

export const GET: APIRoute<{ feed: (typeof FEEDS)[number] }> = async ({ props: { feed }, site }) =>
  rss({
    title: `${course.title}: ${feed.title.toLowerCase()}`,
    description:
      feed.name === 'log'
        ? 'What was studied, built, misunderstood and understood while the course was made.'
        : 'Trade-offs of backend engineering, argued with measured figures.',
    site: new URL(href('/'), site).href,
    trailingSlash: true,
    items: feed.name === 'log' ? await logItems() : await writeUpItems(),
    customData: '<language>en-gb</language>',
  });

async function logItems(): Promise<RSSFeedItem[]> {
  return (await logEntries()).map(({ id, data }) => ({
    title: data.title,
    link: href(`/log/${id}/`),
    pubDate: data.date,
    categories: [data.kind, data.phase],
  }));
}

/** A write-up's date is that of the record that it argues from. */
async function writeUpItems(): Promise<RSSFeedItem[]> {
  const entries = await getCollection('writeUps');
  const questions = new Map(course.phases.flatMap(({ writeUps }) => writeUps.map((w) => [w.slug, w.question])));
  return entries.map(({ id, data }) => {
    const recorded = experimentProvenance(id)?.date;
    return {
      title: questions.get(id) ?? id,
      description: data.lead,
      link: href(`/write-ups/${id}/`),
      ...(recorded && { pubDate: new Date(recorded) }),
    };
  });
}
