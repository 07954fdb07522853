/**
 * What the manifest may say. `course.ts` is data; this file holds its types and the checks that types cannot make.
 * It imports nothing, so that the command line, the site and `verify` can all read the course in the same way.
 */

/** What a lab needs on the machine beside Node. */
export type Service = 'postgresql' | 'redis' | 'rabbitmq';

/** `program`: started as a process, judged over the wire. `module`: imported. `files`: parsed and evaluated. */
export type LabKind = 'program' | 'module' | 'files';

export type Language = 'typescript' | 'python' | 'csharp';

export interface Checkpoint {
  /** The one string that names the test, the TODO, the hint, the anchor and the argument on the command line. */
  readonly id: string;
  /** A whole sentence of behaviour; the test carries the same one. */
  readonly sentence: string;
  /** The heading of the phase's chapter that explains it, as the slug of that heading. */
  readonly read: string;
  /** One to three, from a nudge to nearly there. */
  readonly hints: readonly string[];
  /** Why the starter already passes this one. Absent: the starter fails it. */
  readonly passesInStarter?: string;
}

interface LabCommon {
  /** For ever: it is in URLs, in commands and in learners' forks. */
  readonly slug: string;
  readonly title: string;
  /** The one backend competency that the lab shows. */
  readonly competency: string;
  /** What somebody can do after it; each entry completes "You will be able to …". */
  readonly teaches: readonly string[];
  readonly kinds: readonly LabKind[];
  readonly services: readonly Service[];
}

export interface PlannedLab extends LabCommon {
  readonly status: 'planned';
}

export interface BuiltLab extends LabCommon {
  readonly status: 'built';
  /** The file that is started or imported, for each language that has a reference solution. */
  readonly entry: { readonly typescript: string } & { readonly [L in Language]?: string };
  /** npm packages that its code imports. Absent: none, Node alone. */
  readonly packages?: readonly string[];
  /** In the order in which a learner meets them. */
  readonly checkpoints: readonly Checkpoint[];
  /** Slugs of the diagrams in `diagrams/<phase folder>/` that the lab page shows; at least one. */
  readonly diagrams: readonly string[];
}

export type Lab = PlannedLab | BuiltLab;

export interface WriteUp {
  readonly slug: string;
  /** The trade-off as a question. */
  readonly question: string;
  readonly status: 'planned' | 'written';
}

export interface Phase {
  readonly number: 1 | 2 | 3 | 4 | 5 | 6;
  readonly slug: string;
  readonly title: string;
  /** One sentence: what Tavern gains in this phase. */
  readonly summary: string;
  /** Whether the chapter and the retrospective stand on the site. */
  readonly status: 'planned' | 'written';
  readonly labs: readonly Lab[];
  readonly writeUps: readonly WriteUp[];
}

export interface Course {
  readonly title: string;
  readonly phases: readonly Phase[];
}

/** The folder of a phase under `labs/`, `checkpoints/` and `diagrams/`, for example `1-networking`. */
export function phaseFolder(phase: Pick<Phase, 'number' | 'slug'>): string {
  return `${phase.number}-${phase.slug}`;
}

export interface PlacedLab {
  readonly lab: Lab;
  readonly phase: Phase;
  /** Repository path of the lab's folder, for example `labs/1-networking/tcp-echo`. */
  readonly path: string;
}

export interface PlacedBuiltLab extends PlacedLab {
  readonly lab: BuiltLab;
}

/** Every lab of the course with its phase, in order. */
export function allLabs(course: Course): PlacedLab[] {
  return course.phases.flatMap((phase) =>
    phase.labs.map((lab) => ({ lab, phase, path: `labs/${phaseFolder(phase)}/${lab.slug}` })),
  );
}

/** The labs that stand, in order. */
export function builtLabs(course: Course): PlacedBuiltLab[] {
  return allLabs(course).filter((placed): placed is PlacedBuiltLab => placed.lab.status === 'built');
}

/** One fault of the manifest: where it is, what is wrong, and how to mend it. */
export interface ManifestFault {
  /** A path into the manifest, for example `phases[0].labs[1].checkpoints[2].id`. */
  readonly where: string;
  readonly what: string;
  readonly mend: string;
}

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LAB_KINDS: readonly string[] = ['program', 'module', 'files'] satisfies LabKind[];
const SERVICES: readonly string[] = ['postgresql', 'redis', 'rabbitmq'] satisfies Service[];
const PHASE_COUNT = 6;

/**
 * Checks what the types cannot: unique slugs, sentences that are sentences, hints from one to three.
 * Takes `unknown` values as they come, so a manifest edited by hand gets a message and not a stack.
 *
 * @returns every fault found, none if the manifest is sound.
 */
export function validateCourse(course: Course): ManifestFault[] {
  const faults: ManifestFault[] = [];
  const fault = (where: string, what: string, mend: string) => faults.push({ where, what, mend });

  const text = (value: unknown, where: string): value is string => {
    if (typeof value === 'string' && value.trim() !== '') return true;
    fault(where, `is ${shown(value)}`, 'write a non-empty text');
    return false;
  };
  const slug = (value: unknown, where: string, seen: Map<string, string>): void => {
    if (!text(value, where)) return;
    if (!SLUG.test(value))
      fault(where, `is "${value}"`, 'use lower-case words joined by hyphens, such as "half-close"');
    const first = seen.get(value);
    if (first !== undefined) fault(where, `"${value}" already stands at ${first}`, 'choose a slug that is still free');
    else seen.set(value, where);
  };
  const list = (value: unknown, where: string, atLeast = 0): value is readonly unknown[] => {
    if (!Array.isArray(value)) {
      fault(where, `is ${shown(value)}`, 'write a list, in square brackets');
      return false;
    }
    if (value.length < atLeast) fault(where, `has ${value.length} entries`, `give at least ${atLeast}`);
    return true;
  };
  const oneOf = (value: unknown, allowed: readonly string[], where: string): void => {
    if (!allowed.includes(value as string)) {
      fault(where, `is ${shown(value)}`, `use one of: ${allowed.join(', ')}`);
    }
  };

  const checkCheckpoint = (checkpoint: Checkpoint, at: string, seen: Map<string, string>): void => {
    slug(checkpoint.id, `${at}.id`, seen);
    if (text(checkpoint.sentence, `${at}.sentence`)) {
      if (/\bshould\b/i.test(checkpoint.sentence)) {
        fault(
          `${at}.sentence`,
          'says "should"',
          'state the behaviour as a fact: "a client receives", not "should receive"',
        );
      }
      if (checkpoint.sentence.endsWith('.')) fault(`${at}.sentence`, 'ends in a full stop', 'leave the full stop out');
      if (checkpoint.sentence.split(' ').length < 4) {
        fault(`${at}.sentence`, `is only "${checkpoint.sentence}"`, 'write a whole sentence of behaviour');
      }
    }
    if (text(checkpoint.read, `${at}.read`) && !SLUG.test(checkpoint.read)) {
      fault(`${at}.read`, `is "${checkpoint.read}"`, "give the slug of a heading in the phase's chapter");
    }
    if (list(checkpoint.hints, `${at}.hints`, 1)) {
      if (checkpoint.hints.length > 3)
        fault(`${at}.hints`, `has ${checkpoint.hints.length} entries`, 'keep at most three');
      checkpoint.hints.forEach((hint, i) => {
        text(hint, `${at}.hints[${i}]`);
      });
    }
    if (checkpoint.passesInStarter !== undefined) text(checkpoint.passesInStarter, `${at}.passesInStarter`);
  };

  const checkLab = (lab: Lab, at: string, seen: Map<string, string>): void => {
    slug(lab.slug, `${at}.slug`, seen);
    text(lab.title, `${at}.title`);
    text(lab.competency, `${at}.competency`);
    if (list(lab.teaches, `${at}.teaches`, 1)) {
      lab.teaches.forEach((item, i) => {
        text(item, `${at}.teaches[${i}]`);
      });
    }
    if (list(lab.kinds, `${at}.kinds`, 1)) {
      lab.kinds.forEach((kind, i) => {
        oneOf(kind, LAB_KINDS, `${at}.kinds[${i}]`);
      });
    }
    if (list(lab.services, `${at}.services`)) {
      lab.services.forEach((service, i) => {
        oneOf(service, SERVICES, `${at}.services[${i}]`);
      });
    }
    oneOf(lab.status, ['planned', 'built'], `${at}.status`);
    if (lab.status !== 'built') return;
    if (typeof lab.entry !== 'object' || lab.entry === null || typeof lab.entry.typescript !== 'string') {
      fault(`${at}.entry`, 'names no TypeScript file', "add entry: { typescript: 'server.ts' }");
    }
    if (lab.packages !== undefined && list(lab.packages, `${at}.packages`, 1)) {
      lab.packages.forEach((name, i) => {
        text(name, `${at}.packages[${i}]`);
      });
    }
    if (list(lab.diagrams, `${at}.diagrams`, 1)) {
      lab.diagrams.forEach((diagram, i) => {
        text(diagram, `${at}.diagrams[${i}]`);
      });
    }
    if (list(lab.checkpoints, `${at}.checkpoints`, 1)) {
      const ids = new Map<string, string>();
      lab.checkpoints.forEach((checkpoint, i) => {
        checkCheckpoint(checkpoint, `${at}.checkpoints[${i}]`, ids);
      });
    }
  };

  text(course.title, 'title');
  if (!list(course.phases, 'phases')) return faults;
  if (course.phases.length !== PHASE_COUNT) {
    fault('phases', `has ${course.phases.length} entries`, `the course has ${PHASE_COUNT} phases, for good`);
  }
  const phaseSlugs = new Map<string, string>();
  const labSlugs = new Map<string, string>();
  const writeUpSlugs = new Map<string, string>();
  course.phases.forEach((phase, p) => {
    const at = `phases[${p}]`;
    if (phase.number !== p + 1) fault(`${at}.number`, `is ${phase.number}`, `phases are numbered in order: ${p + 1}`);
    slug(phase.slug, `${at}.slug`, phaseSlugs);
    text(phase.title, `${at}.title`);
    text(phase.summary, `${at}.summary`);
    oneOf(phase.status, ['planned', 'written'], `${at}.status`);
    if (list(phase.labs, `${at}.labs`, 1)) {
      phase.labs.forEach((lab, l) => {
        checkLab(lab, `${at}.labs[${l}]`, labSlugs);
      });
    }
    if (list(phase.writeUps, `${at}.writeUps`, 1)) {
      phase.writeUps.forEach((writeUp, w) => {
        slug(writeUp.slug, `${at}.writeUps[${w}].slug`, writeUpSlugs);
        if (text(writeUp.question, `${at}.writeUps[${w}].question`) && !writeUp.question.endsWith('?')) {
          fault(`${at}.writeUps[${w}].question`, 'is no question', 'end it with a question mark');
        }
        oneOf(writeUp.status, ['planned', 'written'], `${at}.writeUps[${w}].status`);
      });
    }
  });
  return faults;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return value.trim() === '' ? 'empty' : `"${value}"`;
  return JSON.stringify(value) ?? String(value);
}
