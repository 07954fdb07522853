import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { pipelineHash, stampOf } from '../../diagrams/stamp.ts';
import {
  type BuiltLab,
  builtLabs,
  type Checkpoint,
  type Course,
  type PlacedBuiltLab,
  type PlannedLab,
} from '../../labs/course-schema.ts';
import { formatMistake } from '../runner/mistake.ts';
import { repository } from '../runner/repository.ts';
import type { Fault } from './fault.ts';
import { typeCheck } from './type-check.ts';
import { type Verification, verifyCourse } from './verify-course.ts';

export const LAB = 'labs/1-networking/greeting';
export const TEST = 'checkpoints/1-networking/greeting.test.ts';

const SOLUTION = `// #region greet
/** Greets a guest by name. */
export function greet(name: string): string {
  return \`Welcome, \${name.trim()}\`;
}
// #endregion greet
`;

const STARTER = `/** Greets a guest by name. */
export function greet(name: string): string {
  // TODO(greets): the guest finds their name in the greeting.
  // TODO(trims): a name typed with spaces looks like any other.
  return name === '' ? 'Welcome' : 'Welcome ';
}
`;

const VARIANT = `const WELCOME = 'Welcome, ';
export const greet = (name: string): string => WELCOME.concat(name.replaceAll(/^\\s+|\\s+$/g, ''));
`;

const CHECKPOINTS = `import { checkpoint } from '../harness/checkpoint.ts';
import { check } from '../harness/failure.ts';
import { loadModule } from '../harness/module.ts';

type Greeting = { greet(name: string): string };

checkpoint('greets', 'a guest is greeted by their name', async () => {
  const { greet } = await loadModule<Greeting>('greeting.ts');
  const received = greet('Ada');
  check(received === 'Welcome, Ada', { expected: '"Welcome, Ada"', received, usually: 'the name is left out' });
});

checkpoint('trims', 'spaces around a name are left out of the greeting', async () => {
  const { greet } = await loadModule<Greeting>('greeting.ts');
  const received = greet(' Ada ');
  check(received.trimEnd() === received && !received.includes('  '), {
    expected: 'no spaces around the name',
    received: JSON.stringify(received),
    usually: 'the name is used as it was typed',
  });
});
`;

const DIAGRAM = `flowchart LR
  accTitle: A greeting
  accDescr: A name goes in, a greeting comes out.
  name --> greeting
`;

const lab: BuiltLab = {
  status: 'built',
  slug: 'greeting',
  title: 'Greeting',
  competency: 'Greeting guests',
  teaches: ['greet a guest'],
  kinds: ['module'],
  services: [],
  entry: { typescript: 'greeting.ts' },
  diagrams: ['greeting'],
  checkpoints: [
    { id: 'greets', sentence: 'a guest is greeted by their name', read: 'names', hints: ['Who is it?'] },
    {
      id: 'trims',
      sentence: 'spaces around a name are left out of the greeting',
      read: 'spaces',
      hints: ['What does a keyboard add?'],
    },
  ],
};

/** The files of a sound course with one lab of two checkpoints. */
function soundFiles(): Record<string, string> {
  return {
    'package.json': '{ "type": "module" }\n',
    [`${LAB}/lab.ts`]: 'export {};\n',
    [`${LAB}/brief.md`]: '# Greeting\n',
    [`${LAB}/starter/greeting.ts`]: STARTER,
    [`${LAB}/solution/greeting.ts`]: SOLUTION,
    [`${LAB}/variants/replace/greeting.ts`]: VARIANT,
    [`${LAB}/mistakes/no-name.patch`]: patch({
      checkpoint: 'greets',
      from: 'name.trim()',
      to: "'guest'.concat(name.slice(99))",
      messages: ['expected  "Welcome, Ada"\nreceived  Welcome, guest\nusually   the name is left out'],
    }),
    [`${LAB}/mistakes/no-trim.patch`]: patch({
      checkpoint: 'trims',
      from: 'name.trim()',
      to: 'name',
      messages: [
        'expected  no spaces around the name\nreceived  "Welcome,  Ada "\nusually   the name is used as it was typed',
      ],
    }),
    [TEST]: CHECKPOINTS,
    'diagrams/1-networking/greeting.mmd': DIAGRAM,
    'diagrams/1-networking/greeting.svg': `${stampOf(DIAGRAM, pipelineHash())}\n<svg/>\n`,
    'site/src/content/chapters/1-networking.mdx': `## Names\n\n<Region file="${LAB}/solution/greeting.ts" name="greet" />\n\n## Spaces\n`,
  };
}

/** Makes the checkpoint `trims` of the tiny course one that this machine cannot judge. */
export async function takeAwayTheEngine(tiny: TinyCourse): Promise<void> {
  await tiny.replace(
    TEST,
    "import { loadModule } from '../harness/module.ts';",
    "import { loadModule } from '../harness/module.ts';\nimport { Unavailable } from '../harness/unavailable.ts';",
  );
  await tiny.replace(
    TEST,
    "const received = greet(' Ada ');",
    "if (Date.now() > 0) throw new Unavailable({ missing: 'engine', reason: 'no engine answers', remedy: 'install one' });\n  const received = greet(' Ada ');",
  );
}

/** The text of a mistake that replaces `from` by `to` in the tiny solution. */
export function patch(mistake: {
  readonly checkpoint: string;
  readonly from: string;
  readonly to: string;
  readonly messages: readonly string[];
}): string {
  const { checkpoint, from, to, messages } = mistake;
  const wrong = SOLUTION.replace(from, () => to);
  const names = ['solution/greeting.ts', 'mistake/greeting.ts'] as const;
  return formatMistake({
    checkpoint,
    title: 'A mistake',
    tempting: 'It is shorter.',
    messages,
    diff: createTwoFilesPatch(...names, SOLUTION, wrong, undefined, undefined, {
      context: 3,
      headerOptions: FILE_HEADERS_ONLY,
    }),
  });
}

/** A whole course in a temporary folder, sound until a test breaks it. */
export class TinyCourse implements AsyncDisposable {
  readonly root: string;
  /** The manifest's entry of the lab; a test may put another in its place. */
  lab: BuiltLab = lab;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<TinyCourse> {
    const tiny = new TinyCourse(await mkdtemp(join(tmpdir(), 'tiny-course-')));
    for (const [path, text] of Object.entries(soundFiles())) await tiny.write(path, text);
    for (const linked of ['node_modules', 'checkpoints/harness']) {
      await symlink(join(repository, linked), join(tiny.root, linked), 'dir');
    }
    return tiny;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  /** @throws Error when `from` is not in the file: a test that breaks nothing proves nothing. */
  async replace(path: string, from: string, to: string): Promise<void> {
    const text = await readFile(join(this.root, path), 'utf8');
    if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`);
    await this.write(
      path,
      text.replace(from, () => to),
    );
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.root, path), { recursive: true });
  }

  get course(): Course {
    const slugs = ['networking', 'foundations', 'distributed', 'operations', 'realtime', 'resilience'];
    return {
      title: 'Tiny',
      phases: slugs.map((slug, i) => ({
        number: (i + 1) as Course['phases'][number]['number'],
        slug,
        title: slug,
        summary: slug,
        status: 'planned',
        labs: i === 0 ? [this.lab] : [plannedLab(`planned-${slug}`)],
        writeUps: [{ slug: `write-up-${slug}`, question: 'This or that?', status: 'planned' }],
      })),
    };
  }

  get placed(): PlacedBuiltLab {
    const [placed] = builtLabs(this.course);
    if (!placed) throw new Error('the tiny course has no built lab');
    return placed;
  }

  /** Changes the manifest's entry of a checkpoint. */
  change(id: string, changes: Partial<Checkpoint>): void {
    const checkpoints = this.lab.checkpoints.map((checkpoint) =>
      checkpoint.id === id ? { ...checkpoint, ...changes } : checkpoint,
    );
    this.lab = { ...this.lab, checkpoints };
  }

  /** @param options.types run the compiler too, which takes as long as all the rest. Default false. */
  verify(options: { readonly types?: boolean } = {}): Promise<Verification> {
    const { course } = this;
    return verifyCourse(course, builtLabs(course), {
      root: this.root,
      typeCheck: async (files, root) => (options.types ? typeCheck(files, root) : []),
    });
  }

  /** What verify says of the course, the details left out. */
  async faults(options: { readonly types?: boolean } = {}): Promise<Pick<Fault, 'proof' | 'file' | 'what' | 'mend'>[]> {
    const found = (await this.verify(options)).faults;
    return found.map(({ proof, file, what, mend }) => ({ proof, file, what, mend }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

function plannedLab(slug: string): PlannedLab {
  return {
    status: 'planned',
    slug,
    title: slug,
    competency: slug,
    teaches: [slug],
    kinds: ['module'],
    services: [],
  };
}
