/** What a checkpoint needs and this machine does not have. Data, as it crosses out of a worker. */
export interface Lack {
  /** Name for `--allow-missing`, for example `container-engine`. */
  readonly missing: string;
  readonly reason: string;
  /** How to get it: a command, where there is one. */
  readonly remedy: string;
}

/** Thrown by a checkpoint that cannot judge here. It is then neither green nor red: it could not check. */
export class Unavailable extends Error {
  readonly code = 'UNAVAILABLE';
  readonly lack: Lack;

  constructor(lack: Lack) {
    super(lack.reason);
    this.name = 'Unavailable';
    this.lack = lack;
  }
}

const MARK = 'could not check: ';

/** A lack as the note of a skipped test, which is how it leaves the worker. */
export function lackToNote(lack: Lack): string {
  return `${MARK}${JSON.stringify(lack)}`;
}

/** The lack in a note. Undefined when a test was skipped for another reason: it was left out, or the run was ended. */
export function lackFromNote(note: string | undefined): Lack | undefined {
  return note?.startsWith(MARK) ? (JSON.parse(note.slice(MARK.length)) as Lack) : undefined;
}
