/** The parts of a workbench as the page brings them, and which of its panels is shown. */

export type Panel = 'code' | 'contract' | 'results' | 'solution';

export class Parts {
  readonly section: HTMLElement;
  /** Holds the still text, then the editor. */
  readonly editor: HTMLElement;
  readonly files: HTMLElement;
  readonly results: HTMLElement;
  readonly solution: HTMLElement;
  readonly consoleFold: HTMLElement;
  readonly console: HTMLElement;
  readonly kept: HTMLElement;
  readonly note: HTMLElement;
  readonly importFile: HTMLInputElement;
  readonly resetDialog: HTMLDialogElement;
  /** Of labs that run programs. */
  readonly wire: HTMLFieldSetElement | null;
  readonly fileDialog: HTMLDialogElement | null;
  readonly removeFile: HTMLElement | null;
  readonly #run: HTMLElement;
  readonly #tabs: readonly HTMLElement[];

  constructor(section: HTMLElement) {
    this.section = section;
    this.editor = this.#part('editor');
    this.files = this.#part('files');
    this.results = this.#part('results');
    this.solution = this.#part('solution');
    this.consoleFold = this.#part('console-fold');
    this.console = this.#part('console');
    this.kept = this.#part('kept');
    this.note = this.#part('note');
    this.importFile = this.#part<HTMLInputElement>('import-file');
    this.resetDialog = this.#part<HTMLDialogElement>('reset-dialog');
    this.wire = section.querySelector('[data-part="wire"]');
    this.fileDialog = section.querySelector('[data-part="file-dialog"]');
    this.removeFile = section.querySelector('[data-part="remove-file"]');
    this.#run = this.#part('run');
    this.#tabs = [...section.querySelectorAll<HTMLElement>('[role="tab"]')];
  }

  showPanel(panel: Panel): void {
    this.section.dataset.shown = panel;
    for (const tab of this.#tabs) {
      const isShown = tab.dataset.panel === panel;
      tab.setAttribute('aria-selected', String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
    // Where panels are as long as the page, another one begins at its beginning.
    if (this.isNarrow() && this.section.getBoundingClientRect().top < 0) this.section.scrollIntoView();
  }

  /** The tabs that can be seen: the one of the code is there on narrow pages alone. */
  visibleTabs(): HTMLElement[] {
    return this.#tabs.filter((tab) => tab.offsetParent !== null);
  }

  /** Whether the desk is behind a tab. */
  isNarrow(): boolean {
    return this.visibleTabs().some((tab) => tab.dataset.panel === 'code');
  }

  showRunning(isRunning: boolean): void {
    this.#run.textContent = isRunning ? 'Stop' : 'Run';
    this.section.toggleAttribute('data-running', isRunning);
  }

  #part<E extends HTMLElement>(name: string): E {
    const found = this.section.querySelector<E>(`[data-part="${name}"]`);
    if (!found) throw new Error(`the workbench has no part "${name}"`);
    return found;
  }
}
