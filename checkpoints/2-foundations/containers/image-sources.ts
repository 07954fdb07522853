import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check, fail } from '../../harness/failure.ts';
import { imageOf } from './compose.ts';
import { flag, type Stage, stageNamed, stepsOf } from './dockerfile.ts';
import { shippedStage, stackOf, stagesOf } from './project.ts';
import { commandsOf, installs } from './shell-commands.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;
/** Three numbers: `24.11.1`, `18.0.1-bookworm`; two where the project numbers its releases by two, as PostgreSQL does. */
const EXACT = { node: /:v?\d+\.\d+\.\d+(?:-[\w.-]+)?$/, any: /:v?\d+\.\d+(?:\.\d+)*(?:-[\w.-]+)?$/ };

export function pinsItsBases(context: CheckpointContext): void {
  const stages = stagesOf(context);
  const usually =
    'a tag such as latest, 24 or 24-slim moves: the next build is another image, with nobody having changed it';
  for (const { line, parent, image, imageArguments } of stages) {
    if (parent || image === 'scratch') continue;
    check(imageArguments.length > 0, {
      expected: 'every base image to come from an ARG before the first FROM, with a default',
      received: `FROM ${image} in line ${line}, written out`,
      usually: 'the name stands in FROM itself, so neither a mirror nor a local image can take its place',
    });
    check(image !== '', {
      expected: 'an ARG with a default that names an exact image',
      received: `an ARG without a default for FROM in line ${line}`,
      usually: 'the default was left to the command line: then nobody can say what the image is made of',
    });
    const expected = 'an exact version (node:24.11.1-…) or a digest as the default of every base image';
    check(DIGEST.test(image) || EXACT.node.test(image), { expected, received: image, usually });
  }
  for (const step of stages.flatMap(({ steps }) => steps)) {
    const from = step.keyword === 'COPY' ? flag(step, 'from') : undefined;
    if (from === undefined || stageNamed(stages, from)) continue;
    const expected = 'an exact version or a digest of every image that files are copied from';
    check(DIGEST.test(from) || EXACT.any.test(from), { expected, received: from, usually });
  }
  const database = imageOf(stackOf(context).database.data);
  const expected = 'an exact version or a digest of the image of the database, too';
  check(DIGEST.test(database) || EXACT.any.test(database), { expected, received: database, usually });
}

export function shipsAStageThatInstallsNothing(context: CheckpointContext): void {
  const stages = stagesOf(context);
  const shipped = shippedStage(context);
  for (const step of stepsOf(shipped)) {
    if (step.keyword !== 'RUN') continue;
    const command = commandsOf(step).find(installs);
    check(command === undefined, {
      expected: 'no installer to run in the stage that is shipped, nor in one that it goes on from',
      received: `${command?.words.join(' ')} in line ${step.line}`,
      usually:
        "everything happens in one stage, so the installer's cache and its leftovers are shipped with the server",
    });
  }
  check(copiedDependencies(stages, shipped).length > 0, {
    expected: 'the shipped stage to copy node_modules from an earlier stage (COPY --from)',
    received: 'no COPY --from of a stage that installs',
    usually:
      'the dependencies are copied from the build context, where they were built for another system, or not at all',
  });
}

export function installsWhatTheLockSays(context: CheckpointContext): void {
  const stages = stagesOf(context);
  const sources = copiedDependencies(stages, shippedStage(context));
  const steps = sources.length > 0 ? sources.flatMap(stepsOf) : stages.flatMap(({ steps: own }) => own);
  const commands = steps.filter(({ keyword }) => keyword === 'RUN').flatMap(commandsOf);
  const installers = commands.filter(installs);
  const [first] = installers;
  if (!first) {
    fail({
      expected: 'the dependencies to be installed by npm ci',
      received: 'no installer in any stage',
      usually: 'node_modules is copied from the machine that builds',
    });
  }
  for (const { words } of installers) {
    check(words[0]?.endsWith('npm') === true && /^(ci|clean-install|install-clean)$/.test(verbOf(words)), {
      expected: 'npm ci: exactly what package-lock.json says, or an error when it does not fit',
      received: words.join(' '),
      usually: 'npm install may choose newer versions than the lock file and rewrite it, so two builds differ',
    });
  }
  const prunes = commands.some(({ words }) => words[0] === 'npm' && words[1] === 'prune' && omitsDevelopment(words));
  const leftOut = ({ words, variables }: (typeof installers)[number]) =>
    omitsDevelopment(words) || (variables.get('NODE_ENV') === 'production' && !words.includes('--include=dev'));
  check(prunes || installers.every(leftOut), {
    expected: 'dependencies of development to be left out (--omit=dev, NODE_ENV=production, or npm prune --omit=dev)',
    received: first.words.join(' '),
    usually:
      'npm ci installs devDependencies too unless it is told otherwise, and the compiler is shipped with the server',
  });
}

/** The stages that install, and that the shipped one copies from. */
function copiedDependencies(stages: readonly Stage[], shipped: Stage): Stage[] {
  return stepsOf(shipped).flatMap((step) => {
    const mounts = step.flags
      .filter(([name]) => name === 'mount')
      .map(([, value]) => /(?:^|,)from=([^,]+)/.exec(value)?.[1]);
    const names = step.keyword === 'COPY' ? [flag(step, 'from')] : mounts;
    return names.flatMap((name) => {
      const stage = name === undefined ? undefined : stageNamed(stages, name);
      return stage && installsIn(stage, stages) ? [stage] : [];
    });
  });
}

function installsIn(stage: Stage, stages: readonly Stage[]): boolean {
  return stepsOf(stage).some((step) => {
    if (step.keyword === 'RUN') return commandsOf(step).some(installs);
    const from = step.keyword === 'COPY' ? flag(step, 'from') : undefined;
    const source = from === undefined ? undefined : stageNamed(stages, from);
    return source !== undefined && source.index < stage.index && installsIn(source, stages);
  });
}

function verbOf(words: readonly string[]): string {
  return words.slice(1).find((word) => !word.startsWith('-')) ?? '';
}

function omitsDevelopment(words: readonly string[]): boolean {
  const text = words.join(' ');
  return /--omit[= ]dev\b|--only[= ]prod\w*\b|--production\b(?!=false)/.test(text);
}
