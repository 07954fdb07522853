import { readText } from './repository.ts';

export interface Quote {
  readonly code: string;
  /** Language for highlighting. */
  readonly language: string;
  /** Line of the first quoted line in the file, from 1. */
  readonly firstLine: number;
}

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'ts',
  js: 'js',
  mjs: 'js',
  py: 'python',
  cs: 'csharp',
  csproj: 'xml',
  json: 'json',
  yml: 'yaml',
  yaml: 'yaml',
  sh: 'sh',
  md: 'md',
};

/** Languages of files that are known by their whole name. */
const NAMED: Readonly<Record<string, string>> = { Dockerfile: 'docker', '.dockerignore': 'ini' };

/** `// #region name` in TypeScript, `# #region name` in Python, `#region name` in C#. */
const MARK = /^\s*(?:(?:\/\/|#)\s*)?#(region|endregion)\b\s*(\S*)\s*$/;

/** Language for highlighting, by the ending of a file's name; `text` when it is not known. */
export function languageOf(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return NAMED[name] ?? LANGUAGES[/\.([^./]+)$/.exec(name)?.[1] ?? ''] ?? 'text';
}

/** A whole file of the repository, without its region marks. */
export function quoteFile(file: string): Quote {
  const lines = linesOf(file).filter((line) => !MARK.test(line));
  return { code: lines.join('\n').trimEnd(), language: languageOf(file), firstLine: 1 };
}

/**
 * The text between `// #region name` and `// #endregion name` (or `# #region` in Python), dedented, without the marks
 * of regions inside it.
 *
 * @throws Error that names the file, the region and the regions that do exist; the build stops on it.
 */
export function quoteRegion(file: string, name: string): Quote {
  const lines = linesOf(file);
  const marks = lines.map((line) => MARK.exec(line));
  const start = marks.findIndex((mark) => mark?.[1] === 'region' && mark[2] === name);
  if (start < 0) {
    const names = regionNames(file);
    const known = names.length === 0 ? 'The file has no regions' : `Its regions are: ${names.join(', ')}`;
    throw new Error(`${file} has no region "${name}". ${known}.`);
  }
  const end = marks.findIndex((mark, i) => i > start && mark?.[1] === 'endregion' && mark[2] === name);
  if (end < 0) {
    throw new Error(`${file}: region "${name}" is never closed. Write "#endregion ${name}" after its last line.`);
  }
  const body = lines.slice(start + 1, end).filter((line) => !MARK.test(line));
  if (body.every((line) => line.trim() === '')) throw new Error(`${file}: region "${name}" is empty.`);
  return { code: dedent(body), language: languageOf(file), firstLine: start + 2 };
}

/** The names of a file's regions, in order. */
export function regionNames(file: string): string[] {
  return linesOf(file).flatMap((line) => {
    const mark = MARK.exec(line);
    return mark?.[1] === 'region' && mark[2] ? [mark[2]] : [];
  });
}

function linesOf(file: string): string[] {
  const text = readText(file);
  if (text === undefined)
    throw new Error(`${file} does not exist; a page quotes it. Give a path from the repository's root.`);
  return text.split(/\r?\n/);
}

function dedent(lines: readonly string[]): string {
  const filled = lines.filter((line) => line.trim() !== '');
  const indent = Math.min(...filled.map((line) => /^ */.exec(line)?.[0].length ?? 0));
  return lines
    .map((line) => line.slice(indent))
    .join('\n')
    .replace(/^\n+|\s+$/g, '');
}
