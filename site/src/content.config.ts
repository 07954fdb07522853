import { defineCollection } from 'astro:content';
import { glob } from 'astro/loaders';
import { z } from 'astro/zod';
import { course } from '../../labs/course.ts';

/** Chapters are named for the folder of their phase, for example `1-networking.mdx`. */
const chapters = defineCollection({
  loader: glob({ pattern: '*.mdx', base: './src/content/chapters' }),
  schema: z.object({
    /** One or two sentences under the title. */
    lead: z.string(),
    /** Each completes "You will be able to …". */
    abilities: z.array(z.string()).min(1),
  }),
});

/** Write-ups are named for their slug; the question comes from the manifest. */
const writeUps = defineCollection({
  loader: glob({ pattern: '*.mdx', base: './src/content/write-ups' }),
  schema: z.object({ lead: z.string() }),
});

/** Retrospectives are named for the folder of their phase. */
const retrospectives = defineCollection({
  loader: glob({ pattern: '*.mdx', base: './src/content/retrospectives' }),
  schema: z.object({ lead: z.string() }),
});

/** The learning log. `npm run log` begins an entry, named for its day and title. */
const log = defineCollection({
  loader: glob({ pattern: '*.mdx', base: './src/content/log' }),
  schema: z.object({
    title: z.string(),
    date: z.date(),
    phase: z.enum(course.phases.map(({ slug }) => slug)),
    kind: z.enum(['studied', 'built', 'misunderstood', 'understood']),
  }),
});

/** The contracts of the labs, where the labs keep them. */
const briefs = defineCollection({
  loader: glob({
    pattern: '*/*/brief.md',
    base: '../labs',
    generateId: ({ entry }) => entry.split('/').at(-2) ?? entry,
  }),
});

export const collections = { chapters, writeUps, retrospectives, log, briefs };
