/** The panel 'On this machine': what its buttons do, and what is shown of it. Text from a run is only ever set as text. */
import type { GivenHint, RunEvent, Standing } from '../../../workbook/events.ts';
import { type ResultList, resultList } from '../result-list.ts';
import { act, ask, CallFailed, eventsOf, isStream } from './calls.ts';
import { diffLines } from './diff-lines.ts';
import { hintLines } from './hint-lines.ts';
import { withAddress } from './reading.ts';

type Act = 'start' | 'test' | 'watch' | 'cancel' | 'hint' | 'diff' | 'reset' | 'edit';

/** How often a page looks whether a run that another page started is over. */
const LOOK_AGAIN_MS = 1_000;
/** What is kept of what the code prints. */
const MAX_PRINTED_CHARS = 128 * 1024;

class Panel {
  readonly #root: HTMLElement;
  readonly #slug: string;
  readonly #results: HTMLElement;
  readonly #list: ResultList;
  readonly #acts: Readonly<Record<Act, () => Promise<void>>> = {
    start: () => this.#start(),
    test: () => this.#run('test', { all: this.#find<HTMLInputElement>('.all input').checked }),
    watch: () => this.#run('watch'),
    cancel: () => this.#cancel(),
    hint: () => this.#hint(),
    diff: () => this.#diff(),
    reset: () => this.#reset(),
    edit: () => this.#edit(),
  };
  /** The run that this page has asked for. */
  #own: 'test' | 'watch' | undefined;
  #isJudging = false;
  /** The checkpoint that the last run left red: what a hint is most likely wanted for. */
  #red: string | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#slug = root.dataset.lab ?? '';
    this.#results = this.#find('.results');
    const rows = [...this.#results.querySelectorAll('li')];
    this.#list = resultList(
      this.#results,
      rows.map((row) => ({
        id: row.dataset.checkpoint ?? '',
        sentence: row.querySelector('.sentence')?.textContent ?? '',
      })),
    );
    for (const button of this.#buttons()) {
      button.addEventListener('click', () => void this.#try(this.#acts[button.dataset.act as Act]));
    }
  }

  /** Asks the server how the attempt stands, and shows it. */
  async open(): Promise<void> {
    await this.#try(async () => {
      const standing = await this.#standing();
      for (const { id, verdict } of standing.checkpoints) {
        if (verdict !== 'not judged') this.#list.show({ id, verdict });
      }
      this.#show(standing);
      await this.#waitForOthers(standing);
    });
  }

  #find<E extends HTMLElement>(selector: string): E {
    const found = this.#root.querySelector<E>(selector);
    if (!found) throw new Error(`the panel has no ${selector}`);
    return found;
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.#root.querySelectorAll<HTMLButtonElement>('[data-act]')];
  }

  #standing(): Promise<Standing> {
    return ask<Standing>(`labs/${this.#slug}`);
  }

  async #refresh(): Promise<void> {
    this.#show(await this.#standing());
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.#say(error.message);
      this.#root.classList.add('refused');
    }
  }

  #say(text: string): void {
    this.#root.classList.remove('refused');
    // A space keeps the line's height, so that nothing below it moves.
    this.#find('.said').textContent = text === '' ? '\u00a0' : text;
  }

  #show(standing: Standing): void {
    const isStarted = standing.state !== 'not started';
    const running = this.#own ?? standing.running;
    const shown: Readonly<Record<Act, boolean>> = {
      start: !isStarted,
      test: isStarted && running === undefined,
      watch: isStarted && running === undefined,
      cancel: running !== undefined,
      hint: isStarted,
      diff: isStarted && running === undefined,
      reset: isStarted && running !== 'test',
      edit: standing.files.length > 0,
    };
    const focused = document.activeElement;
    for (const button of this.#buttons()) button.hidden = !shown[button.dataset.act as Act];
    const cancel = this.#find('[data-act="cancel"]');
    cancel.textContent = running === 'watch' ? 'End the watch' : 'Cancel';
    // The button that was pressed has made way for another: the keyboard goes on from there.
    if (focused instanceof HTMLElement && this.#root.contains(focused) && focused.hidden) {
      (running === undefined ? this.#find('[data-act="test"]') : cancel).focus();
    }
    this.#results.hidden = !isStarted;
    this.#find('.files').hidden = standing.files.length === 0;
    this.#find('.standing').textContent = isStarted
      ? `${standing.words} · ${standing.attempt}`
      : `not started · will be ${standing.attempt}`;
    this.#find('.all').hidden = !shown.test;
    this.#showFiles(standing.files);
  }

  #showFiles(files: readonly string[]): void {
    const select = this.#find<HTMLSelectElement>('.files select');
    if (files.join('\n') === [...select.options].map(({ value }) => value).join('\n')) return;
    const chosen = select.value;
    select.replaceChildren(...files.map((file) => new Option(file, file, false, file === chosen)));
  }

  /** A run of another page, or of this one before it was loaded anew, is somebody's all the same. */
  async #waitForOthers(standing: Standing): Promise<void> {
    if (standing.running === undefined || this.#own !== undefined) return;
    this.#say(`A ${standing.running} of this lab is under way in another page.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    const now = await this.#standing();
    if (this.#own !== undefined) return;
    this.#show(now);
    if (now.running === undefined) this.#say('');
    else await this.#waitForOthers(now);
  }

  async #start(): Promise<void> {
    const standing = (await (await act(`labs/${this.#slug}/start`)).json()) as Standing;
    this.#list.clear();
    this.#show(standing);
    this.#say(`Made ${standing.attempt}/ from the starter. It is yours. Test it, and see it fail.`);
  }

  async #run(what: 'test' | 'watch', body: object = {}): Promise<void> {
    const response = await act(`labs/${this.#slug}/${what}`, body);
    this.#own = what;
    this.#showBox();
    this.#isJudging = true;
    this.#list.waiting();
    try {
      await this.#refresh();
      for await (const event of eventsOf<RunEvent>(response)) await this.#take(event);
    } catch (error) {
      this.#over('The run was cut off.');
      throw error;
    } finally {
      this.#own = undefined;
    }
    await this.#refresh();
  }

  async #take(event: RunEvent): Promise<void> {
    switch (event.kind) {
      case 'begun':
        this.#isJudging = true;
        this.#red = undefined;
        this.#printed('');
        this.#list.waiting();
        this.#list.running();
        this.#say(this.#own === 'watch' ? `Judging: ${event.why}.` : 'Judging your attempt.');
        return;
      case 'service':
        this.#say(`${event.service}: ${event.text}`);
        return;
      case 'question':
        await this.#answer(event.text);
        return;
      case 'result':
        if (event.result.verdict === 'failed') this.#red ??= event.result.id;
        this.#list.show(withAddress(event.result));
        this.#list.running();
        return;
      case 'log':
        this.#printed(event.text, true);
        return;
      case 'unchecked':
        this.#over(`It could not be checked: ${event.reason}. To mend it: ${event.remedy}`);
        return;
      case 'broken':
        this.#over('It could not be checked: this is a defect of the repository, not of your attempt.');
        this.#printed(event.text, true);
        return;
      case 'ended':
        this.#over(event.summary);
        if (this.#own === 'watch') this.#say('Watching: save a file, and it is judged again.');
        await this.#refresh();
        return;
      case 'stopped':
        // Between two runs of a watch, what the last one said still holds.
        if (this.#isJudging) this.#over(event.text);
        else this.#say(event.text);
        return;
      case 'diff':
        this.#showBox(diffLines(event.text));
    }
  }

  #over(summary: string): void {
    this.#isJudging = false;
    this.#list.end(summary);
    this.#say('');
  }

  async #answer(question: string): Promise<void> {
    const dialog = this.#find<HTMLDialogElement>('.question');
    this.#find('.question p').textContent = question;
    await act(`labs/${this.#slug}/answer`, { yes: await agreed(dialog) });
  }

  async #cancel(): Promise<void> {
    await act(`labs/${this.#slug}/cancel`);
    await this.#refresh();
  }

  async #hint(): Promise<void> {
    const response = await act(`labs/${this.#slug}/hint`, this.#red === undefined ? {} : { checkpoint: this.#red });
    const given = (await response.json()) as GivenHint | { readonly text: string };
    if ('text' in given) this.#say(given.text);
    else this.#showBox(...hintLines(given));
  }

  async #diff(): Promise<void> {
    const response = await act(`labs/${this.#slug}/diff`);
    if (!isStream(response)) {
      this.#say(((await response.json()) as { readonly text: string }).text);
      return;
    }
    this.#say('');
    for await (const event of eventsOf<RunEvent>(response)) await this.#take(event);
  }

  async #reset(): Promise<void> {
    if (!(await agreed(this.#find<HTMLDialogElement>('.begin-again')))) return;
    const response = await act(`labs/${this.#slug}/reset`);
    const { kept, standing } = (await response.json()) as { readonly kept: string; readonly standing: Standing };
    this.#showBox();
    if (this.#own === undefined) this.#list.clear();
    this.#show(standing);
    this.#say(`The attempt is the starter again. Your old one is kept in ${kept}/, which git ignores.`);
  }

  async #edit(): Promise<void> {
    const file = this.#find<HTMLSelectElement>('.files select').value;
    const response = await act(`labs/${this.#slug}/edit`, { file });
    this.#say(((await response.json()) as { readonly text: string }).text);
  }

  /** What a hint or a comparison brought; nothing takes it away. */
  #showBox(...nodes: readonly Node[]): void {
    const box = this.#find('.shown');
    box.replaceChildren(...nodes);
    box.hidden = nodes.length === 0;
  }

  #printed(text: string, isMore = false): void {
    const box = this.#find('.printed');
    const lines = this.#find('.printed pre');
    lines.textContent = `${isMore ? lines.textContent : ''}${text}`.slice(-MAX_PRINTED_CHARS);
    box.hidden = lines.textContent === '';
  }
}

/** Asks, and waits for the answer. To close the dialog is no yes. */
async function agreed(dialog: HTMLDialogElement): Promise<boolean> {
  dialog.returnValue = 'no';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'yes';
}

for (const root of document.querySelectorAll<HTMLElement>('.workbook')) void new Panel(root).open();
