import {
  type AttemptFile,
  AttemptFileRefused,
  attemptFileName,
  formatAttemptFile,
  MAX_ATTEMPT_FILE_BYTES,
  parseAttemptFile,
  tooLarge,
} from '../../../checkpoints/cli/attempt-file.ts';
import { type Progress, withImported, withoutVerdicts } from '../../../checkpoints/cli/progress.ts';
import type { Editor, LineNote } from './editor.ts';
import type { LabData } from './lab-data.ts';
import type { Parts } from './parts.ts';
import type { Files } from './protocol.ts';
import { type KeptText, SavedWork, type Trouble } from './saved-work.ts';

/** A save follows the last change at this distance. */
const SETTLE_MS = 300;

const REASONS: Readonly<Record<KeptText['why'], string>> = {
  reset: 'before a reset',
  import: 'before an import',
  'another tab': 'from another tab',
  'brought back': 'before another was brought back',
  removal: 'before a file was removed',
};

/** The learner's texts and progress: the editor that shows them, and the browser's storage that keeps them. */
export class Desk {
  readonly #lab: LabData;
  readonly #parts: Parts;
  readonly #saved: SavedWork;
  #progress: Progress;
  /** The texts while there is no editor; afterwards it has them. */
  #files: Files;
  #editor: Editor | undefined;
  #opening: Promise<void> | undefined;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ parts, lab, prefix }: { readonly parts: Parts; readonly lab: LabData; readonly prefix: string }) {
    this.#lab = lab;
    this.#parts = parts;
    this.#saved = new SavedWork({
      slug: lab.slug,
      ids: lab.checkpoints.map(({ id }) => id),
      starter: lab.starter,
      prefix,
    });
    const { attempt, trouble } = this.#saved.load();
    this.#files = attempt.files;
    this.#progress = attempt.progress;
    this.say(trouble ?? '');
    this.#showKept();
    this.#showTabs();
    this.#saved.onForeignChange(() => this.#takeOver());
    // A tab may be closed before the last change has settled.
    addEventListener('pagehide', () => {
      if (this.#saveTimer !== undefined) this.saveNow();
    });
    this.#parts.resetDialog.addEventListener('close', () => {
      if (this.#parts.resetDialog.returnValue === 'reset') this.#reset();
    });
    this.#parts.fileDialog?.addEventListener('close', () => {
      const name = this.#parts.fileDialog?.querySelector('input')?.value ?? '';
      if (this.#parts.fileDialog?.returnValue === 'make') void this.#addFile(name);
    });
  }

  get progress(): Progress {
    return this.#progress;
  }

  set progress(progress: Progress) {
    this.#progress = progress;
    this.saveNow();
  }

  get files(): Files {
    return this.#editor?.files() ?? this.#files;
  }

  /** A sentence on what happened to the texts, for everybody who listens. */
  say(text: string): void {
    this.#parts.note.textContent = text;
  }

  /** Puts the editor in the place of the still text. */
  async openEditor({ focus }: { readonly focus: boolean }): Promise<void> {
    this.#opening ??= this.#loadEditor();
    await this.#opening;
    if (focus) this.#editor?.focus();
  }

  note(lines: readonly LineNote[]): void {
    this.#editor?.note(lines);
  }

  async goTo(file: string, line: number): Promise<void> {
    await this.openEditor({ focus: false });
    if (this.#parts.isNarrow()) this.#parts.showPanel('code');
    this.#editor?.goTo(file, line);
    this.#showTabs();
  }

  showFile(file: string): void {
    this.#editor?.show(file);
    this.#showTabs();
    this.#editor?.focus();
  }

  askReset(): void {
    this.#parts.resetDialog.returnValue = '';
    this.#parts.resetDialog.showModal();
  }

  askFileName(): void {
    const { fileDialog } = this.#parts;
    if (!fileDialog) return;
    fileDialog.returnValue = '';
    fileDialog.querySelector('form')?.reset();
    fileDialog.showModal();
  }

  async #addFile(name: string): Promise<void> {
    await this.openEditor({ focus: false });
    if (Object.hasOwn(this.files, name)) this.say(`${name} is there already.`);
    else {
      const files = { ...this.files, [name]: '' };
      this.#files = files;
      this.#editor?.setFiles(files, name);
      this.say(this.#save() ?? `${name} is there, and empty. Another file imports it as './${name}'.`);
    }
    this.showFile(name);
  }

  /** Removes the file that is shown, unless it is the one that is started. */
  removeFile(): void {
    const name = this.#editor?.shown;
    if (name === undefined || name === this.#lab.entry) return;
    const { [name]: _, ...rest } = this.files;
    const trouble = this.#replace(rest, 'removal');
    this.say(trouble ?? `${name} is removed. The text with it is kept below.`);
    this.#editor?.focus();
  }

  bringBack(index: number): void {
    const kept = this.#saved.kept()[index];
    if (!kept) return;
    const trouble = this.#replace(kept.files, 'brought back');
    this.say(trouble ?? `The text ${REASONS[kept.why]} is back. The one before it is kept, too.`);
  }

  exportFile(): void {
    let text: string;
    try {
      const attempt: AttemptFile = { lab: this.#lab.slug, files: this.files, progress: this.#progress };
      text = formatAttemptFile(attempt, this.#ids());
    } catch (error) {
      if (!(error instanceof AttemptFileRefused)) throw error;
      this.say(`Your text cannot be exported: the file ${error.message}.`);
      return;
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = attemptFileName(this.#lab.slug);
    link.click();
    URL.revokeObjectURL(link.href);
    this.say(`Exported as ${link.download}. In a clone: npm run lab import ${link.download}`);
  }

  async importFile(file: File): Promise<void> {
    this.#parts.importFile.value = '';
    try {
      if (file.size > MAX_ATTEMPT_FILE_BYTES) throw new AttemptFileRefused(tooLarge(file.size));
      const attempt = parseAttemptFile(await file.text());
      if (attempt.lab !== this.#lab.slug) {
        throw new AttemptFileRefused(`belongs to the lab “${attempt.lab}”, and this is “${this.#lab.slug}”`);
      }
      if (!Object.hasOwn(attempt.files, this.#lab.entry)) {
        throw new AttemptFileRefused(`holds no ${this.#lab.entry}, which the checkpoints load`);
      }
      const trouble = this.#replace(attempt.files, 'import');
      this.progress = withImported(this.#progress, attempt.progress);
      this.say(trouble ?? `${file.name} is in the editor. The text before it is kept below.`);
    } catch (error) {
      if (!(error instanceof AttemptFileRefused)) throw error;
      this.say(`${file.name} ${error.message}. Nothing was changed.`);
    }
  }

  /** Saves without waiting for a pause. */
  saveNow(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    const trouble = this.#save();
    if (trouble !== undefined) this.say(trouble);
  }

  #save(): Trouble {
    const attempt = { lab: this.#lab.slug, files: this.files, progress: this.#progress };
    const keptBefore = this.#saved.kept().length;
    const trouble = this.#saved.save(attempt);
    if (this.#saved.kept().length !== keptBefore) this.#showKept();
    return trouble;
  }

  async #loadEditor(): Promise<void> {
    let loaded: typeof import('./editor.ts');
    try {
      loaded = await import('./editor.ts');
    } catch {
      this.#opening = undefined;
      this.say('The editor could not be loaded. Look at your connection, then touch it again.');
      return;
    }
    const { editor: parent } = this.#parts;
    parent.replaceChildren();
    this.#editor = new loaded.Editor({
      parent,
      files: this.#files,
      shown: this.#lab.entry,
      onChange: () => this.#changed(),
    });
  }

  #changed(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = undefined;
      this.say(this.#save() ?? 'Kept in this browser.');
    }, SETTLE_MS);
  }

  #reset(): void {
    const trouble = this.#replace(this.#lab.starter, 'reset');
    this.progress = withoutVerdicts(this.#progress);
    this.say(trouble ?? 'The starter is back. Your text is kept below, and can be brought back.');
  }

  /** Sets the texts aside and puts others in their place. */
  #replace(files: Files, why: KeptText['why']): Trouble {
    const trouble = this.#saved.keep(this.files, why);
    this.#files = files;
    const shown = Object.hasOwn(files, this.#lab.entry) ? this.#lab.entry : (Object.keys(files)[0] ?? '');
    this.#editor?.setFiles(files, shown);
    this.#showStill(files);
    this.#showTabs();
    this.#showKept();
    return this.#save() ?? trouble;
  }

  /** Another tab has saved: its text is shown here, too, unless something here is still to be saved. */
  #takeOver(): void {
    if (this.#saveTimer !== undefined) return;
    const attempt = this.#saved.takeOver();
    this.#showKept();
    if (!attempt) return;
    this.#progress = attempt.progress;
    if (JSON.stringify(attempt.files) === JSON.stringify(this.files)) return;
    this.#files = attempt.files;
    this.#editor?.setFiles(attempt.files, this.#editor.shown);
    this.#showStill(attempt.files);
    this.#showTabs();
    this.say('Changed in another tab; this one follows.');
  }

  #showStill(files: Files): void {
    const still = this.#parts.editor.querySelector('.still code');
    if (still) still.textContent = files[this.#lab.entry] ?? '';
  }

  #showTabs(): void {
    const names = Object.keys(this.files);
    const shown = this.#editor?.shown ?? this.#lab.entry;
    this.#parts.files.replaceChildren(
      ...names.map((name) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = name;
        button.dataset.do = `file ${name}`;
        button.ariaCurrent = name === shown ? 'true' : 'false';
        return button;
      }),
    );
    this.#bringIntoView(this.#parts.files.querySelector('[aria-current="true"]'));
    if (this.#parts.removeFile) this.#parts.removeFile.hidden = shown === this.#lab.entry;
  }

  /** Within its row alone: the page stays where it is. */
  #bringIntoView(tab: Element | null): void {
    const { files } = this.#parts;
    const [row, box] = [files.getBoundingClientRect(), tab?.getBoundingClientRect()];
    if (!box) return;
    if (box.left < row.left) files.scrollLeft -= row.left - box.left;
    else if (box.right > row.right) files.scrollLeft += box.right - row.right;
  }

  #showKept(): void {
    const { kept: root } = this.#parts;
    const texts = this.#saved.kept();
    root.hidden = texts.length === 0;
    const list = root.querySelector('ul');
    list?.replaceChildren(
      ...texts.map(({ at, why }, index) => {
        const item = document.createElement('li');
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.do = `kept ${index}`;
        button.textContent = 'Bring it back';
        const when = new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
        item.append(`${when}, ${REASONS[why]} `, button);
        return item;
      }),
    );
  }

  #ids(): string[] {
    return this.#lab.checkpoints.map(({ id }) => id);
  }
}
