import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { expand, type Lookup } from './variables.ts';

/** One instruction, with its variables replaced by what they are worth there. */
export interface Step {
  /** In capitals: `RUN`. */
  readonly keyword: string;
  readonly line: number;
  /** Without the flags; a heredoc's lines included. */
  readonly text: string;
  /** `--from=x` as `['from', 'x']`, in order. */
  readonly flags: readonly (readonly [name: string, value: string])[];
  /** The variables that are set where it runs: the stage's ENV, and its ARG that have a default. */
  readonly variables: ReadonlyMap<string, string>;
}

export interface Stage {
  readonly name: string | undefined;
  readonly index: number;
  readonly line: number;
  /** The stage that it goes on from. Undefined: an image from outside. */
  readonly parent: Stage | undefined;
  /** With the defaults of the arguments; empty when an argument has none. */
  readonly image: string;
  /** Names of the arguments that the image's name is made of. */
  readonly imageArguments: readonly string[];
  /** FROM left out. */
  readonly steps: readonly Step[];
}

/** A command of ENTRYPOINT, CMD or HEALTHCHECK. */
export interface Command {
  readonly line: number;
  /** `exec`: a JSON list that the engine starts as it stands. `shell`: a text for `/bin/sh -c`. */
  readonly form: 'exec' | 'shell';
  /** In shell form one word: the text. */
  readonly words: readonly string[];
}

/** What an image says of the containers made from it, as far as its Dockerfile tells. */
export interface ImageSettings {
  readonly user: Step | undefined;
  readonly workdir: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly entrypoint: Command | undefined;
  readonly cmd: Command | undefined;
  /** Undefined: none, or NONE. */
  readonly healthcheck: Command | undefined;
}

/** Set by the builder in every build. */
const PREDEFINED = new Map([
  ['TARGETPLATFORM', 'linux/amd64'],
  ['BUILDPLATFORM', 'linux/amd64'],
  ['TARGETARCH', 'amd64'],
  ['TARGETOS', 'linux'],
]);

/** The stages of a Dockerfile, in order; the last one is shipped. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  const globals = new Map(PREDEFINED);
  let current: { steps: Step[]; variables: Map<string, string>; stage: Stage } | undefined;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const keyword = instruction.getKeyword();
    const line = instruction.getRange().start.line + 1;
    const content = instruction.getArgumentsContent() ?? '';
    if (keyword === 'FROM') {
      const raw = content.trim().split(/\s+/)[0] ?? '';
      const image = expand(raw, (name) => globals.get(name));
      const parent = stages.find((stage) => stage.name !== undefined && stage.name === image.toLowerCase());
      const name = /\sAS\s+(\S+)/i.exec(content)?.[1]?.toLowerCase();
      const steps: Step[] = [];
      const imageArguments = [...raw.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, each = '']) => each);
      const stage: Stage = { name, index: stages.length, line, parent, image, imageArguments, steps };
      stages.push(stage);
      current = { stage, steps, variables: new Map(parent ? environmentOf(parent) : []) };
    } else if (!current) {
      if (keyword === 'ARG') declare(content, globals, (name) => globals.get(name), undefined);
    } else {
      const { variables } = current;
      const lookup: Lookup = (name) => variables.get(name);
      if (keyword === 'ARG') declare(content, variables, lookup, globals);
      // The text of RUN is for its shell to expand.
      const isPlain = ['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'SHELL'].includes(keyword);
      const worth = isPlain ? content : expand(content, lookup);
      const step = { keyword, line, text: worth, flags: flagsOf(instruction, lookup), variables: new Map(variables) };
      current.steps.push(step);
      if (keyword === 'ENV') for (const [name, value] of assignments(worth)) variables.set(name, value);
    }
  }
  return stages;
}

/** The stage and those that it goes on from, the first one first. */
export function chainOf(stage: Stage): Stage[] {
  return stage.parent ? [...chainOf(stage.parent), stage] : [stage];
}

/** All steps that an image of this stage is made of, in the order in which they run. */
export function stepsOf(stage: Stage): Step[] {
  return chainOf(stage).flatMap(({ steps }) => steps);
}

/** The stage that a `--from` names, or undefined when it names an image. */
export function stageNamed(stages: readonly Stage[], name: string): Stage | undefined {
  return stages.find((stage) => stage.name === name.toLowerCase() || String(stage.index) === name);
}

export function flag(step: Step, name: string): string | undefined {
  return step.flags.find(([each]) => each === name)?.[1];
}

/** `A=1 B="x y"` or the old form `A x y`, as pairs. */
export function assignments(text: string): [string, string][] {
  const old = /^([A-Za-z_][\w.-]*)\s+(.*)$/s.exec(text.trim());
  if (old) return [[old[1] ?? '', unquoted(old[2] ?? '')]];
  return [...text.matchAll(/([A-Za-z_][\w.-]*)=((?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s"'])*)/g)].map(
    ([, name = '', value = '']) => [name, unquoted(value)],
  );
}

/** The settings of an image that is built up to and with this stage. */
export function settingsOf(stage: Stage): ImageSettings {
  let workdir = '/';
  let user: Step | undefined;
  let entrypoint: Command | undefined;
  let cmd: Command | undefined;
  let healthcheck: ImageSettings['healthcheck'];
  for (const step of stepsOf(stage)) {
    const { keyword, text } = step;
    if (keyword === 'USER') user = step;
    else if (keyword === 'WORKDIR') workdir = text.startsWith('/') ? text : `${workdir}/${text}`.replaceAll('//', '/');
    else if (keyword === 'CMD') cmd = commandOf(step, text);
    else if (keyword === 'ENTRYPOINT') entrypoint = commandOf(step, text);
    else if (keyword === 'HEALTHCHECK') healthcheck = healthCommand(step);
  }
  return { user, workdir, environment: environmentOf(stage), entrypoint, cmd, healthcheck };
}

/** What a container of the image starts: ENTRYPOINT with CMD behind it. Undefined: the base image decides. */
export function startCommand({ entrypoint, cmd }: ImageSettings): Command | undefined {
  if (!entrypoint) return cmd;
  if (entrypoint.form === 'shell' || !cmd) return entrypoint;
  const words = cmd.form === 'exec' ? cmd.words : ['/bin/sh', '-c', ...cmd.words];
  return { ...entrypoint, words: [...entrypoint.words, ...words] };
}

function healthCommand(step: Step): ImageSettings['healthcheck'] {
  const text = /^CMD\s+(.*)$/is.exec(step.text.trim())?.[1];
  if (text === undefined) return undefined;
  return commandOf(step, text);
}

function commandOf({ line }: Step, text: string): Command {
  try {
    const words: unknown = JSON.parse(text.trim());
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return { line, form: 'exec', words };
  } catch {
    // No JSON: then it is for the shell, as the builder decides too.
  }
  return { line, form: 'shell', words: [text.trim()] };
}

/** `1m30s`, `500ms`, `10s` in milliseconds; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}

function environmentOf(stage: Stage): Map<string, string> {
  const found = new Map<string, string>();
  for (const { keyword, text } of stepsOf(stage)) {
    if (keyword === 'ENV') for (const [name, value] of assignments(text)) found.set(name, value);
  }
  return found;
}

/** ARG: a default of its own, or the one before the first FROM; ENV of the same name is not overridden. */
function declare(
  content: string,
  into: Map<string, string>,
  lookup: Lookup,
  globals: ReadonlyMap<string, string> | undefined,
): void {
  for (const word of content.trim().split(/\s+(?=[A-Za-z_]\w*(?:=|$|\s))/)) {
    const [, name = '', value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(word) ?? [];
    const worth = value === undefined ? globals?.get(name) : expand(unquoted(value), lookup);
    if (worth !== undefined && (globals === undefined || !into.has(name))) into.set(name, worth);
  }
}

function flagsOf(instruction: Instruction, lookup: Lookup): [string, string][] {
  const flags = 'getFlags' in instruction ? (instruction.getFlags as () => FlagLike[])() : [];
  return flags.map((each) => [each.getName(), expand(each.getValue() ?? '', lookup)]);
}

interface FlagLike {
  getName(): string;
  getValue(): string | null;
}

function unquoted(text: string): string {
  return text.replaceAll(
    /"((?:\\.|[^"])*)"|'([^']*)'/g,
    (_, double?: string, single?: string) => double ?? single ?? '',
  );
}
