/** The workbench of a lab, once it has been touched: runs, their results, hints, and the solution in the end. */
import { checkpointProgress, withHintsShown, withVerdicts } from '../../../checkpoints/cli/progress.ts';
import { type ResultList, resultList } from '../scripts/result-list.ts';
import { compile } from './compile.ts';
import { Desk } from './desk.ts';
import type { Judge, Run } from './judge.ts';
import type { LabData } from './lab-data.ts';
import type { Parts } from './parts.ts';
import type { Files, PageResult, SyntaxFault, WorkerMessage } from './protocol.ts';
import { loopResult, placeOf, shownResult, summaryOf } from './result-view.ts';
import { StationRows } from './station-rows.ts';
import { chosenWire } from './wire.ts';

export interface WorkbenchOptions {
  readonly parts: Parts;
  readonly judge: Judge;
  readonly lab: LabData;
  /** What the names in the browser's storage begin with. */
  readonly prefix: string;
}

export class Workbench {
  readonly #lab: LabData;
  readonly #parts: Parts;
  readonly #judge: Judge;
  readonly #desk: Desk;
  readonly #results: ResultList;
  readonly #rows: StationRows;
  #run: Run | undefined;

  constructor({ parts, judge, lab, prefix }: WorkbenchOptions) {
    this.#lab = lab;
    this.#parts = parts;
    this.#judge = judge;
    this.#desk = new Desk({ parts, lab, prefix });
    this.#results = resultList(parts.results, lab.checkpoints);
    this.#rows = new StationRows(parts.results, lab, {
      hintsShown: (id) => checkpointProgress(this.#desk.progress, id).hintsShown,
      onHint: (id, shown) => {
        this.#desk.progress = withHintsShown(this.#desk.progress, id, shown);
      },
      onPlace: ({ file, line }) => void this.#desk.goTo(file, line),
    });
  }

  /** Does what a button of the page stands for. */
  act(name: string): void {
    const [verb, ...rest] = name.split(' ');
    const object = rest.join(' ');
    if (verb === 'run') this.#toggleRun();
    else if (verb === 'reset') this.#desk.askReset();
    else if (verb === 'new-file') this.#desk.askFileName();
    else if (verb === 'remove-file') this.#desk.removeFile();
    else if (verb === 'export') this.#desk.exportFile();
    else if (verb === 'kept') this.#desk.bringBack(Number(object));
    else if (verb === 'file') void this.openEditor({ focus: true }).then(() => this.#desk.showFile(object));
  }

  openEditor(options: { readonly focus: boolean }): Promise<void> {
    return this.#desk.openEditor(options);
  }

  importFile(file: File): Promise<void> {
    return this.#desk.importFile(file);
  }

  /** The solution's panel has been chosen. */
  async showSolution(): Promise<void> {
    const { showDiff } = await import('./solution-diff.ts');
    const green = this.#lab.checkpoints.filter(({ id }) => {
      const { verdict } = checkpointProgress(this.#desk.progress, id);
      return verdict === 'passed' || verdict === 'could not check';
    }).length;
    await showDiff(this.#parts.solution, { lab: this.#lab, files: this.#desk.files, green });
  }

  #toggleRun(): void {
    if (!this.#run) {
      this.#start();
      return;
    }
    this.#run.cancel();
    this.#judge.prepare();
    this.#end('Stopped.');
  }

  #start(): void {
    const { files } = this.#desk;
    this.#parts.showPanel('results');
    this.#desk.note([]);
    this.#rows.clear();
    this.#parts.console.textContent = '';
    this.#parts.consoleFold.hidden = true;
    const compiled = compile(files);
    if (!compiled.ok) {
      this.#showSyntaxFault(compiled.fault);
      return;
    }
    this.#results.waiting();
    this.#parts.showRunning(true);
    const results = new Map<string, PageResult>();
    let current: string | undefined;
    const { modules } = compiled;
    const { seed, ...wire } = chosenWire(this.#parts.wire);
    this.#run = this.#judge.run(
      { modules, entry: this.#lab.entry, seed, wire },
      {
        onMessage: (message) => {
          if (message.kind === 'started') current = message.id;
          this.#hear(message, results, files);
        },
        onSilence: (silenceMs) => {
          const seconds = silenceMs / 1_000;
          if (current !== undefined && !results.has(current)) this.#show(loopResult(current, seconds), results, files);
          this.#end(
            `Your code did not come back for ${seconds} seconds, so it was ended: an endless loop, most likely.`,
            results,
          );
        },
      },
    );
  }

  #hear(message: WorkerMessage, results: Map<string, PageResult>, files: Files): void {
    switch (message.kind) {
      case 'started':
        this.#results.running(message.id);
        break;
      case 'result':
        this.#show(message.result, results, files);
        break;
      case 'console':
        this.#parts.consoleFold.hidden = false;
        this.#parts.console.append(`${message.text}\n`);
        break;
      case 'syntax':
        this.#end('', results);
        this.#showSyntaxFault(message.fault);
        break;
      case 'broken': {
        const [what] = message.message.split('\n');
        this.#end(`The workbench itself broke; your text is safe. ${what}. Press Run to try again.`, results);
        break;
      }
      case 'end':
        this.#end(summaryOf(this.#lab, results), results);
    }
  }

  #show(result: PageResult, results: Map<string, PageResult>, files: Files): void {
    const checkpoint = this.#lab.checkpoints.find(({ id }) => id === result.id);
    if (!checkpoint) return;
    results.set(result.id, result);
    this.#results.show(shownResult(result, checkpoint));
    const place = result.verdict === 'failed' ? placeOf(result.failure, files) : undefined;
    this.#rows.furnish(result, place);
  }

  #end(summary: string, results: ReadonlyMap<string, PageResult> = new Map()): void {
    this.#run = undefined;
    this.#parts.showRunning(false);
    this.#results.end(summary);
    const day = new Date().toISOString().slice(0, 10);
    if (results.size > 0) this.#desk.progress = withVerdicts(this.#desk.progress, [...results.values()], day);
    // Whoever began by running sees an editor afterwards; it is not loaded before the first result.
    void this.#desk.openEditor({ focus: false });
  }

  #showSyntaxFault({ file, line, message }: SyntaxFault): void {
    this.#results.clear();
    const where = line > 0 ? `${file}, line ${line}` : file;
    this.#results.end(`Not run: ${where} cannot be read. ${message}`);
    void this.#desk.openEditor({ focus: false }).then(() => {
      this.#desk.note([{ file, line, text: message }]);
      if (line > 0) void this.#desk.goTo(file, line);
    });
  }
}
