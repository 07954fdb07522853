/**
 * An attempt as one file, to carry it between a browser and a clone: the learner's files and their progress. The command
 * line and the workbench of the site both read and write it, so it imports nothing that only Node has. What it reads may
 * come from anybody; no name that it lets through leads out of the folder that the files are put into.
 */
import { formatProgress, type Progress, ProgressCorrupt, parseProgress } from './progress.ts';

export interface AttemptFile {
  /** Slug of the lab. */
  readonly lab: string;
  /** Texts by their name; folders are parted by `/`. */
  readonly files: Readonly<Record<string, string>>;
  readonly progress: Progress;
}

/** A file that is not taken. The message is a sentence that follows the file's name. */
export class AttemptFileRefused extends Error {
  readonly code = 'ATTEMPT_FILE_REFUSED';
}

export const MAX_ATTEMPT_FILE_BYTES = 2 * 1024 * 1024;
const FORMAT = 'senior-backend-prep attempt';
const VERSION = 1;
const MAX_FILES = 200;
const MAX_NAME_CHARS = 200;
/** One part of a name. Not a dot first, which hides it or leads upwards; no `:`, `\` or what a terminal obeys. */
const NAME_PART = /^(?:[A-Za-z0-9_][A-Za-z0-9_.@+-]*|\.dockerignore|\.env\.example)$/;
/** Windows takes these for devices, whatever follows the dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const TOOLS_FOLDERS: readonly string[] = ['node_modules', 'bin', 'obj', '__pycache__', 'target', 'dist'];

/** The name that such a file gets where nobody chooses another. */
export function attemptFileName(lab: string): string {
  return `${lab}.attempt.json`;
}

/**
 * @param ids of the lab's checkpoints, in order.
 * @throws AttemptFileRefused when `parseAttemptFile` would refuse it.
 */
export function formatAttemptFile({ lab, files, progress }: AttemptFile, ids: readonly string[]): string {
  const document = {
    format: FORMAT,
    version: VERSION,
    lab,
    files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
    progress: JSON.parse(formatProgress(progress, ids)) as unknown,
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  parseAttemptFile(text);
  return text;
}

/** @throws AttemptFileRefused that says what is wrong with it. */
export function parseAttemptFile(text: string): AttemptFile {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_ATTEMPT_FILE_BYTES) throw new AttemptFileRefused(tooLarge(bytes));
  const document = documentOf(text);
  if (document.format !== FORMAT) throw new AttemptFileRefused('is no exported attempt');
  if (document.version !== VERSION) {
    throw new AttemptFileRefused(
      `has version ${shown(document.version)}, and version ${VERSION} is what can be read here`,
    );
  }
  const { lab, files, progress } = document;
  if (typeof lab !== 'string' || !/^[a-z][a-z0-9-]{0,60}$/.test(lab)) {
    throw new AttemptFileRefused(`names ${shown(lab)} as its lab`);
  }
  try {
    return { lab, files: filesOf(files), progress: parseProgress(JSON.stringify(progress ?? null), lab) };
  } catch (error) {
    if (!(error instanceof ProgressCorrupt)) throw error;
    throw new AttemptFileRefused(`holds progress that ${error.message}`, { cause: error });
  }
}

/** Why a file of so many bytes is not read at all. */
export function tooLarge(bytes: number): string {
  return `has ${bytes.toLocaleString('en-GB')} bytes, and ${MAX_ATTEMPT_FILE_BYTES.toLocaleString('en-GB')} are the most that is taken`;
}

function documentOf(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new AttemptFileRefused('is no JSON', { cause: error });
  }
  if (!isRecord(document)) throw new AttemptFileRefused('is no exported attempt');
  return document;
}

function filesOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw new AttemptFileRefused('has no object "files"');
  const entries = Object.entries(value);
  if (entries.length === 0) throw new AttemptFileRefused('holds no files');
  if (entries.length > MAX_FILES) throw new AttemptFileRefused(`holds more than ${MAX_FILES} files`);
  const names = new Set<string>();
  for (const [name, text] of entries) {
    const fault = nameFault(name);
    if (fault !== undefined) throw new AttemptFileRefused(`holds a file ${shown(name)}, and ${fault}`);
    if (typeof text !== 'string') throw new AttemptFileRefused(`holds a file ${shown(name)} that is no text`);
    names.add(name.toLowerCase());
  }
  if (names.size < entries.length) throw new AttemptFileRefused('holds two files whose names differ in capitals alone');
  for (const name of names) {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      const folder = name.slice(0, at);
      if (names.has(folder)) throw new AttemptFileRefused(`holds ${shown(folder)} as a file and as a folder`);
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Why a name is not taken. Undefined for one that is. */
function nameFault(name: string): string | undefined {
  if (name.length > MAX_NAME_CHARS) return `a name has ${MAX_NAME_CHARS} characters at most`;
  const parts = name.split('/');
  if (parts.some((part) => part === '..' || part === '.' || part === ''))
    return 'a name may not lead out of its folder';
  const odd = parts.find((part) => !NAME_PART.test(part) || DEVICE.test(part) || part.endsWith('.'));
  if (odd !== undefined) return 'a name is of letters, digits, _, -, @, + and dots, and begins with no dot';
  return parts.some((part) => TOOLS_FOLDERS.includes(part)) ? 'that folder belongs to tools' : undefined;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'none';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
