/** `npm run bench -- <name> [--out <file>]`: runs a benchmark, prints its table, and keeps its figures if asked to. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

interface Bench {
  readonly about: string;
  /** @returns figures for a file, text for the terminal, and whether the figures keep the limits that they have. */
  run(): Promise<{ readonly figures: object; readonly text: string; readonly withinLimits: boolean }>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  echo: {
    about: 'the tcp-echo solutions against a plain socket.pipe(socket); about a minute',
    run: async () => {
      const { formatEchoBench, runEchoBench } = await import('./echo.ts');
      const figures = await runEchoBench();
      return { figures, text: formatEchoBench(figures), withinLimits: true };
    },
  },
  rest: {
    about: 'rest-api against plain Fastify and bare node:http with the same database; under a minute',
    run: async () => {
      const { formatRestBench, runRestBench } = await import('./rest.ts');
      const figures = await runRestBench();
      return { figures, text: formatRestBench(figures), withinLimits: figures.withinLimits };
    },
  },
  feedback: {
    about: 'how long a learner waits between saving and seeing; a few minutes',
    run: async () => {
      const { formatFeedbackBench, runFeedbackBench } = await import('./feedback.ts');
      const figures = await runFeedbackBench();
      return { figures, text: formatFeedbackBench(figures), withinLimits: figures.withinLimits };
    },
  },
  workbench: {
    about: 'how long a reader of the site waits between Run and the first result; about two minutes, after a build',
    run: async () => {
      const { formatWorkbenchBench, runWorkbenchBench } = await import('./workbench.ts');
      const figures = await runWorkbenchBench();
      return { figures, text: formatWorkbenchBench(figures), withinLimits: figures.withinLimits };
    },
  },
  queue: {
    about: 'message-queue by broker and prefetch, against plain amqplib with confirms; about two minutes',
    run: async () => {
      const { formatQueueBench, runQueueBench } = await import('./queue/queue.ts');
      const figures = await runQueueBench();
      return { figures, text: formatQueueBench(figures), withinLimits: figures.withinLimits };
    },
  },
  cache: {
    about: 'hit rate, loads and latency under a Zipf load, against a plain TTL and async-cache-dedupe; under a minute',
    run: async () => {
      const { formatCacheBench, runCacheBench } = await import('./cache-bench.ts');
      const figures = await runCacheBench();
      return { figures, text: formatCacheBench(figures), withinLimits: figures.withinLimits };
    },
  },
  jwt: {
    about: 'what an access token and a log-in cost, by algorithm and by Argon2 parameters; half a minute',
    run: async () => {
      const { formatJwtBench, runJwtBench } = await import('./jwt.ts');
      const figures = await runJwtBench();
      return { figures, text: formatJwtBench(figures), withinLimits: true };
    },
  },
};

const { positionals, values } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const [name = ''] = positionals;
const bench = BENCHES[name];
if (bench === undefined) {
  const known = Object.entries(BENCHES).map(([known, { about }]) => `  npm run bench -- ${known}   ${about}`);
  console.error([name === '' ? 'Which benchmark?' : `There is no benchmark "${name}".`, ...known].join('\n'));
  process.exitCode = 2;
} else {
  const { figures, text, withinLimits } = await bench.run();
  console.log(text);
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(figures, null, 2)}\n`);
  if (!withinLimits) process.exitCode = 1;
}
