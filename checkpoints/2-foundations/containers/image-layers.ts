import type { CheckpointContext } from '../../harness/checkpoint.ts';
import { check } from '../../harness/failure.ts';
import { assignments, flag, type Step, settingsOf, stepsOf } from './dockerfile.ts';
import { takes } from './ignore-rules.ts';
import { contextFiles, ignoredIn, shippedStage, stagesOf } from './project.ts';
import { commandsOf, installs } from './shell-commands.ts';

/** What the brief says belongs in no build context. Each is judged at the root and in a folder. */
const OUTSIDE: readonly (readonly [path: string, why: 'secret' | 'made by a tool'])[] = [
  ['.env', 'secret'],
  ['.env.local', 'secret'],
  ['.env.production', 'secret'],
  ['.npmrc', 'secret'],
  ['server.key', 'secret'],
  ['certificates/client.pem', 'secret'],
  ['node_modules/pg/package.json', 'made by a tool'],
  ['.git/config', 'made by a tool'],
];
const NEEDED = ['package.json', 'package-lock.json', 'server.ts'];
const SECRET_FILE = /(^|\/)(\.env(\.(?!example$)[\w-]+)?|\.npmrc|id_(rsa|ed25519|ecdsa)|[^/]*\.(pem|key))$/;
const SECRET_NAME = /PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY/i;
/** `scheme://user:password@host` */
const PASSWORD_IN_URL = /\w:\/\/[^/\s:@]*:[^/\s@]+@/;
const COPYING = ['COPY', 'ADD'];

export function keepsDependenciesCached(context: CheckpointContext): void {
  const sources = contextFiles(context).filter((name) => /\.(ts|mts|js|mjs)$/.test(name));
  const edited = sources.includes('server.ts') ? 'server.ts' : (sources[0] ?? 'server.ts');
  for (const stage of stagesOf(context)) {
    const steps = stepsOf(stage);
    const at = steps.findIndex((step) => step.keyword === 'RUN' && commandsOf(step).some(installs));
    if (at < 0) continue;
    const early = steps.slice(0, at + 1).find((step) => sourcesOf(step).some((source) => takes(source, edited)));
    check(early === undefined, {
      sent: `a change of ${edited}, then a build with the cache of the last one`,
      expected: 'the layer with the dependencies to come from the cache',
      received: `${early?.keyword} ${early?.text.split('\n')[0]} in line ${early?.line}, before the installer: every change installs anew`,
      usually:
        'all files are copied first. Copy package.json and package-lock.json, install, and copy the sources after that',
    });
    const lock = steps.slice(0, at + 1).flatMap(sourcesOf);
    check(lock.some((source) => takes(source, 'package-lock.json')) || lock.length === 0, {
      expected: 'package-lock.json to be there before the installer runs',
      received: `only ${lock.join(', ')}`,
      usually: 'package.json was copied alone: npm ci then has nothing to go by',
    });
  }
}

export function keepsFilesOut(context: CheckpointContext): void {
  const ignored = ignoredIn(context);
  for (const [path, why] of OUTSIDE) {
    check(ignored(path), {
      sent: `the name ${path}, judged by the rules of .dockerignore`,
      expected: `${path} to stay out of the build context: it is ${why}`,
      received: 'a file that is sent to the builder, where COPY . . puts it into a layer',
      usually:
        '.dockerignore is missing or lists too little. Without a slash a pattern fits at the root alone: **/*.pem fits everywhere',
    });
  }
  for (const path of NEEDED) {
    check(!ignored(path), {
      sent: `the name ${path}, judged by the rules of .dockerignore`,
      expected: `${path} to reach the builder`,
      received: 'a file that is left out',
      usually: 'a rule is wider than it was meant: the last rule that fits decides, and ! brings a file back',
    });
  }
}

export function keepsSecretsOut(context: CheckpointContext): void {
  for (const stage of stagesOf(context)) {
    for (const step of stage.steps) {
      if (step.keyword === 'ARG' || step.keyword === 'ENV') checkVariables(step);
      const file = COPYING.includes(step.keyword)
        ? filesOf(step).find((source) => SECRET_FILE.test(source))
        : undefined;
      check(file === undefined, {
        expected: 'no file with secrets to be copied, whatever a later line removes',
        received: `${step.keyword} of ${file} in line ${step.line}`,
        usually:
          'a layer that holds a file keeps it for ever; a RUN rm only hides it. A build secret is mounted: RUN --mount=type=secret',
      });
    }
  }
}

export function runsAsANumber(context: CheckpointContext): void {
  const { user } = settingsOf(shippedStage(context));
  const expected = 'USER with a number other than 0 in the stage that is shipped';
  const text = user?.text.trim() ?? '';
  check(user !== undefined, {
    expected,
    received: 'no USER: root',
    usually: 'the last USER belongs to an earlier stage, and a stage from an image begins as the user of that image',
  });
  const name = text.split(':')[0] ?? '';
  check(/^\d+$/.test(name), {
    expected,
    received: `USER ${text}`,
    usually:
      'a name is looked up inside the image; an orchestrator that forbids root cannot do that, and refuses to start it',
  });
  check(Number(name) !== 0, { expected, received: `USER ${text}`, usually: '0 is root, whatever the group' });
}

function checkVariables({ keyword, line, text }: Step): void {
  const without = keyword === 'ARG' && !text.includes('=');
  const pairs: [name: string, value: string][] = without ? [[text.trim(), '']] : assignments(text);
  for (const [name, value] of pairs) {
    const isSecret = (SECRET_NAME.test(name) && !/_FILE$/.test(name)) || PASSWORD_IN_URL.test(value);
    check(!isSecret, {
      expected: 'no secret among the arguments and variables of the image',
      received: `${keyword} ${name} in line ${line}`,
      usually:
        'both can be read from the image by everybody who has it (docker history, docker inspect). Give secrets to the container',
    });
  }
}

/** What COPY, ADD and bind mounts of a step take from the build context. */
function sourcesOf(step: Step): string[] {
  if (COPYING.includes(step.keyword)) return filesOf(step);
  return step.flags.flatMap(([name, value]) => {
    const options = new Map(
      value.split(',').map((part): [string, string] => [part.split('=')[0] ?? '', part.replace(/^[^=]*=?/, '')]),
    );
    const isBind = name === 'mount' && (options.get('type') ?? 'bind') === 'bind' && !options.has('from');
    return isBind ? [options.get('source') ?? options.get('src') ?? '.'] : [];
  });
}

function filesOf(step: Step): string[] {
  if (flag(step, 'from') !== undefined || step.text.startsWith('<<')) return [];
  const words = step.text.startsWith('[') ? (JSON.parse(step.text) as string[]) : step.text.trim().split(/\s+/);
  return words.slice(0, -1).filter((word) => !/^\w+:\/\//.test(word));
}
