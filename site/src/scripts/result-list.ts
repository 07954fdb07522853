/**
 * Draws the verdicts of a run into a list of checkpoints, as the workbench and the workbook mode show it. Whatever a
 * run says is set as text: it may hold anything that the code under test wrote.
 *
 * The page may bring the rows along, so that nothing moves when the first verdict comes:
 *
 *   <div class="results">
 *     <ol><li data-checkpoint="half-close"><code>half-close</code> <span class="sentence">a client …</span></li></ol>
 *     <p class="summary" role="status"></p>
 *   </div>
 *
 * What is missing of that is made. Its styles are in result-list.css.
 */
export interface CheckpointResult {
  id: string;
  verdict: 'passed' | 'failed' | 'could not check';
  ms?: number;
  failure?: FailureText;
}

export interface FailureText {
  /** A sentence before everything else: why it could not be checked. */
  text?: string;
  sent?: string;
  expected?: string;
  received?: string;
  usually?: string;
  /** Lines that keep their columns: bytes with a caret, the end of a log. */
  details?: string;
  read?: { href: string; text: string };
  /** What to type for the next hint. */
  hintCommand?: string;
}

export interface ResultList {
  /** A run is about to begin: no row has a verdict. */
  waiting(): void;
  /** A checkpoint is being judged; without an id, the first that has no verdict yet. */
  running(id?: string): void;
  show(result: CheckpointResult): void;
  /** The run is over. Rows without a verdict were not reached. */
  end(summary: string): void;
  /** As if nothing had ever been judged. */
  clear(): void;
}

type State = CheckpointResult['verdict'] | 'waiting' | 'running' | 'not reached' | 'not judged';

const SIGNS: Readonly<Record<State, string>> = {
  passed: 'passed',
  failed: 'failed',
  'could not check': 'unknown',
  waiting: 'planned',
  running: 'running',
  'not reached': 'planned',
  'not judged': 'planned',
};
const OPEN: readonly (string | undefined)[] = ['waiting', 'running'] satisfies State[];

/**
 * @param root holds the list and its summary, or is empty.
 * @param checkpoints in the order of the list.
 */
export function resultList(
  root: HTMLElement,
  checkpoints: readonly { readonly id: string; readonly sentence: string }[],
): ResultList {
  const list = root.querySelector('ol') ?? root.appendChild(document.createElement('ol'));
  const summary = root.querySelector<HTMLElement>('[role="status"]') ?? root.appendChild(summaryLine());
  const rows = new Map(checkpoints.map((checkpoint) => [checkpoint.id, new Row(list, checkpoint)]));
  const all = (state: State) => {
    for (const row of rows.values()) row.set(state);
  };
  all('not judged');
  return {
    waiting: () => {
      all('waiting');
      summary.textContent = '';
    },
    running: (id) => {
      const row = id === undefined ? [...rows.values()].find(({ state }) => state === 'waiting') : rows.get(id);
      row?.set('running');
    },
    show: (result) => rows.get(result.id)?.show(result),
    end: (text) => {
      for (const row of rows.values()) if (OPEN.includes(row.state)) row.set('not reached');
      summary.textContent = text;
    },
    clear: () => {
      all('not judged');
      summary.textContent = '';
    },
  };
}

class Row {
  state: State = 'not judged';
  readonly #item: HTMLLIElement;
  readonly #verdict = make('span', 'verdict');
  readonly #time = make('span', 'ms');

  constructor(list: HTMLElement, { id, sentence }: { readonly id: string; readonly sentence: string }) {
    const found = [...list.children].find((child) => (child as HTMLElement).dataset.checkpoint === id);
    this.#item = (found as HTMLLIElement | undefined) ?? list.appendChild(rowOf(id, sentence));
    const head = make('p', 'result');
    head.append(this.#verdict, this.#time);
    this.#item.append(head);
  }

  set(state: State, ms?: number): void {
    this.state = state;
    this.#item.dataset.state = SIGNS[state];
    this.#verdict.className = `verdict ${SIGNS[state]}`;
    this.#verdict.textContent = state;
    this.#time.textContent = ms === undefined ? '' : `${Math.round(ms)} ms`;
    this.#item.querySelector('.failure')?.remove();
  }

  show({ verdict, ms, failure }: CheckpointResult): void {
    this.set(verdict, ms);
    if (failure) this.#item.append(failureBlock(failure));
  }
}

function failureBlock({ text, details, read, hintCommand, ...said }: FailureText): HTMLElement {
  const block = make('div', 'failure');
  if (text !== undefined) block.append(make('p', 'text', text));
  const fields = make('dl');
  for (const label of ['sent', 'expected', 'received', 'usually'] as const) {
    if (said[label] !== undefined) fields.append(make('dt', '', label), make('dd', label, said[label]));
  }
  if (fields.childElementCount > 0) block.append(fields);
  if (details !== undefined && details !== '') {
    const lines = make('pre', 'details', details);
    // It scrolls sideways, so the keyboard has to reach it.
    lines.tabIndex = 0;
    block.append(lines);
  }
  if (read || hintCommand !== undefined) block.append(onward(read, hintCommand));
  return block;
}

function onward(read: FailureText['read'], hintCommand: string | undefined): HTMLElement {
  const line = make('p', 'onward');
  if (read) {
    const link = make('a', '', read.text);
    link.href = read.href;
    line.append('Read ', link);
  }
  if (hintCommand !== undefined) {
    const command = make('code', '', hintCommand);
    line.append(read ? ', or ask for a hint: ' : 'For a hint: ', command);
  }
  return line;
}

function rowOf(id: string, sentence: string): HTMLLIElement {
  const item = make('li');
  item.dataset.checkpoint = id;
  item.append(make('code', '', id), ' ', make('span', 'sentence', sentence));
  return item;
}

function summaryLine(): HTMLElement {
  const line = make('p', 'summary');
  line.setAttribute('role', 'status');
  return line;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  if (text !== '') element.textContent = text;
  return element;
}
