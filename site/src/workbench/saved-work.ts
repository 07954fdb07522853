import {
  type AttemptFile,
  AttemptFileRefused,
  formatAttemptFile,
  parseAttemptFile,
} from '../../../checkpoints/cli/attempt-file.ts';
import { emptyProgress } from '../../../checkpoints/cli/progress.ts';
import type { Files } from './protocol.ts';

/** A text that was given up, and can be brought back. */
export interface KeptText {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly why: 'reset' | 'import' | 'another tab' | 'brought back' | 'removal';
  readonly files: Files;
}

export interface LabToSave {
  readonly slug: string;
  readonly ids: readonly string[];
  readonly starter: Files;
  /** What the names in the storage begin with: several sites may share one. */
  readonly prefix: string;
}

/** What a call could not do, as a sentence for the reader. */
export type Trouble = string | undefined;

const MAX_KEPT = 5;
const FORBIDDEN =
  'This browser keeps nothing for this page, so your text lasts as long as the page does. Export it to keep it.';
const FULL = 'Your browser has no room left for this page, so the last change is not kept. Export it to keep it.';

/**
 * The learner's text and progress in this browser. Several tabs may have the same lab open: what another one wrote and
 * this one has not seen is set aside, never overwritten.
 */
export class SavedWork {
  readonly #lab: LabToSave;
  readonly #storage: Storage | undefined;
  readonly #key: string;
  /** What stood in the storage when this tab last read or wrote it. */
  #seen: string | null = null;

  constructor(lab: LabToSave, storage: () => Storage = () => localStorage) {
    this.#lab = lab;
    this.#key = `${lab.prefix}${lab.slug}`;
    this.#storage = allowed(storage);
  }

  /** What was saved, or the starter. What cannot be read is set aside, and said. */
  load(): { readonly attempt: AttemptFile; readonly trouble: Trouble } {
    if (!this.#storage) return { attempt: this.starter(), trouble: FORBIDDEN };
    this.#seen = this.#storage.getItem(this.#key);
    if (this.#seen === null) return { attempt: this.starter(), trouble: undefined };
    try {
      return { attempt: this.#parse(this.#seen), trouble: undefined };
    } catch (error) {
      if (!(error instanceof AttemptFileRefused)) throw error;
      const aside = `${this.#key}:unreadable`;
      const isKept = attempted(() => this.#storage?.setItem(aside, this.#seen ?? ''));
      const where = isKept
        ? `It is kept under “${aside}” in the storage of this page.`
        : 'It is left until you change something.';
      return {
        attempt: this.starter(),
        trouble: `What was saved here ${error.message}, so this is the starter. ${where}`,
      };
    }
  }

  starter(): AttemptFile {
    const { slug, starter } = this.#lab;
    return { lab: slug, files: starter, progress: emptyProgress(slug) };
  }

  /** Saves. When another tab has saved since this one last looked, its text is set aside first. */
  save(attempt: AttemptFile): Trouble {
    if (!this.#storage) return FORBIDDEN;
    const storage = this.#storage;
    let text: string;
    try {
      text = formatAttemptFile(attempt, this.#lab.ids);
    } catch (error) {
      if (!(error instanceof AttemptFileRefused)) throw error;
      return `The last change is not kept: the file ${error.message}.`;
    }
    if (text === this.#seen) return undefined;
    const theirs = storage.getItem(this.#key);
    if (theirs !== null && theirs !== this.#seen && theirs !== text) this.#setAside(theirs);
    if (!attempted(() => storage.setItem(this.#key, text))) return FULL;
    this.#seen = text;
    return undefined;
  }

  /** What another tab has saved since this one last looked, if it can be read. */
  takeOver(): AttemptFile | undefined {
    const text = this.#storage?.getItem(this.#key) ?? null;
    if (text === null || text === this.#seen) return undefined;
    try {
      const attempt = this.#parse(text);
      this.#seen = text;
      return attempt;
    } catch {
      return undefined;
    }
  }

  /** Sets a text aside, newest first. */
  keep(files: Files, why: KeptText['why']): Trouble {
    if (!this.#storage) return FORBIDDEN;
    const storage = this.#storage;
    const same = JSON.stringify(files);
    const others = this.kept().filter((kept) => JSON.stringify(kept.files) !== same);
    const texts: KeptText[] = [{ at: Date.now(), why, files }, ...others].slice(0, MAX_KEPT);
    // The oldest go when there is no room for all.
    for (; texts.length > 0; texts.pop()) {
      if (attempted(() => storage.setItem(`${this.#key}:kept`, JSON.stringify(texts)))) return undefined;
    }
    return FULL;
  }

  /** Texts that were set aside, newest first. */
  kept(): readonly KeptText[] {
    const text = this.#storage?.getItem(`${this.#key}:kept`) ?? '[]';
    try {
      const texts: unknown = JSON.parse(text);
      return Array.isArray(texts) ? texts.filter(isKeptText) : [];
    } catch {
      return [];
    }
  }

  /** Calls back when another tab saves this lab. */
  onForeignChange(listener: () => void): void {
    addEventListener('storage', ({ key }) => {
      if (key === this.#key) listener();
    });
  }

  #setAside(text: string): void {
    try {
      this.keep(this.#parse(text).files, 'another tab');
    } catch (error) {
      if (!(error instanceof AttemptFileRefused)) throw error;
    }
  }

  #parse(text: string): AttemptFile {
    const attempt = parseAttemptFile(text);
    if (attempt.lab !== this.#lab.slug) throw new AttemptFileRefused(`belongs to the lab “${attempt.lab}”`);
    return attempt;
  }
}

/** A browser may forbid storage by throwing at the mere mention of it. */
function allowed(storage: () => Storage): Storage | undefined {
  try {
    const found = storage();
    found.getItem('workbench');
    return found;
  } catch {
    return undefined;
  }
}

function attempted(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function isKeptText(value: unknown): value is KeptText {
  const { at, why, files } = (value ?? {}) as Partial<KeptText>;
  return (
    typeof at === 'number' &&
    typeof why === 'string' &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every((text) => typeof text === 'string')
  );
}
