/**
 * A simulation on a page: the drawing, the controls, the clock on the wall. Loaded with its simulation when its place
 * is first seen. Moves only while it is played and seen; with reduced motion it is stepped through.
 */
import { button, createControl, made } from './controls.ts';
import { readAddress, type Settings, seedParameter, writeAddress } from './parameters.ts';
import { SIMULATIONS, type SimulationName } from './registry.ts';
import { type Note, Run } from './run.ts';
import { ScenePainter } from './scene-painter.ts';
import type { Simulation } from './simulation.ts';
import styles from './stage.css?url&no-inline';

/** A frame that comes later than this was asleep, not slow: the run does not try to make up for it. */
const LONGEST_FRAME_MS = 100;
/** How often figures and timeline follow while it plays; the drawing follows every frame. */
const FIGURES_EVERY_MS = 500;
const SAID_NOTES = 4;
const MAX_SEED = 1_000_000;

/** Puts the live simulation in place of the still. */
export async function mount(place: HTMLElement, name: SimulationName): Promise<void> {
  const [{ simulation }] = await Promise.all([SIMULATIONS[name](), styled()]);
  new Stage(place, simulation).open();
}

/** The style sheet comes with the first simulation, so that pages carry nothing of it before. */
function styled(): Promise<void> {
  if (document.querySelector('link[data-simulations]') !== null) return Promise.resolve();
  const link = made('link', { rel: 'stylesheet', href: styles });
  link.dataset.simulations = '';
  return new Promise((resolve, reject) => {
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => reject(new Error('the style sheet of the simulations could not be loaded')));
    document.head.append(link);
  });
}

class Stage {
  readonly #place: HTMLElement;
  readonly #simulation: Simulation;
  readonly #svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  readonly #painter = new ScenePainter(this.#svg);
  readonly #view = made('div', { className: 'drawing sim-view', tabIndex: 0 });
  readonly #timeline = made('input', { type: 'range', className: 'sim-timeline', min: '0', step: '1' });
  readonly #time = made('span', { className: 'sim-time' });
  readonly #said = made('p', { className: 'sim-said label', role: 'status' });
  readonly #mends = made('p', { className: 'sim-mends label', role: 'status', hidden: true });
  readonly #whose = made('p', { className: 'label', role: 'status', hidden: true });
  readonly #readings = made('tbody', {});
  readonly #heads = made('tr', {});
  readonly #play = button('Play', () => this.#toggle(), 'Space');
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #run: Run;
  #settings: Settings;
  #seed: number;
  #speed: number;
  #playing = false;
  #seen = true;
  #frame = 0;
  #lastFrameAt = 0;
  #figuresAt = 0;
  #renewal = 0;
  #isAsking = false;

  constructor(place: HTMLElement, simulation: Simulation) {
    this.#place = place;
    this.#simulation = simulation;
    this.#speed = simulation.speed;
    const { settings, seed, mends } = readAddress(simulation, new URLSearchParams(location.search));
    this.#settings = settings;
    this.#seed = seed;
    this.#run = new Run(simulation, settings, seed);
    this.#run.seek(simulation.stillAtMs);
    this.#tellMends(mends);
  }

  open(): void {
    this.#build();
    // A mouse aims at what moves; a finger may only want to scroll, and has touched when it is lifted.
    this.#svg.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') this.#touched(event);
    });
    this.#svg.addEventListener('click', (event) => {
      if ((event as PointerEvent).pointerType !== 'mouse') this.#touched(event);
    });
    this.#view.addEventListener('keydown', (event) => this.#pressed(event));
    this.#still.addEventListener('change', () => this.#allowMotion());
    this.#allowMotion();
    new ResizeObserver(() => this.#paint()).observe(this.#view);
    new IntersectionObserver((entries) => {
      this.#seen = entries.at(-1)?.isIntersecting ?? true;
      if (this.#seen) this.#wake();
    }).observe(this.#place);
    this.#show();
    this.#place.dataset.state = 'ready';
    void this.#runAgain();
  }

  #build(): void {
    const { title, height, durationMs, actions = [], parameters, constants, name } = this.#simulation;
    this.#svg.setAttribute('role', 'img');
    this.#svg.setAttribute('height', String(height));
    this.#view.setAttribute('role', 'group');
    this.#view.setAttribute('aria-label', `Simulation: ${title}. Space plays, the arrow keys step`);
    this.#view.append(this.#svg);
    this.#timeline.max = String(durationMs);
    this.#timeline.setAttribute('aria-label', 'Moment of the run');
    this.#timeline.addEventListener('input', () => this.#go(Number(this.#timeline.value)));
    const buttons = [
      this.#play,
      button('Step', () => this.#step(), 'ArrowRight'),
      button('Back', () => this.#stepBack(), 'ArrowLeft'),
      button('Start again', () => this.#go(0), 'Home'),
      ...actions.map(({ id, label, key }) => button(label, () => this.#act(id), key.toUpperCase())),
    ];
    const bar = made('div', { className: 'sim-bar' }, ...buttons, this.#speedControl(), this.#time);
    const table = made('table', {}, made('thead', {}, this.#heads), this.#readings);
    const scroll = made('div', { className: 'table-scroll sim-readings', tabIndex: 0, role: 'group' }, table);
    scroll.setAttribute('aria-label', 'Figures of the run');
    const fields = Object.entries(parameters).map(([id, parameter]) => {
      const control = createControl(`${name}-${id}`, parameter, (value, settled) => {
        this.#renew({ ...this.#settings, [id]: value }, this.#seed, settled);
      });
      control.show(this.#settings[id] ?? '');
      if (parameter.kind === 'text') control.element.classList.add('sim-wide');
      return control.element;
    });
    const form = made('div', { className: 'sim-parameters' }, ...fields, this.#seedControl());
    const fixed = made('p', { className: 'label' }, `Held constant: ${constants.join('; ')}.`);
    const keys = ['space plays', '→ steps', '← steps back', 'Home starts again', ...actions.map(keyHelp)];
    const help = made('p', { className: 'label sim-keys' }, `Keys, in the drawing: ${keys.join(', ')}.`);
    const console = made('div', { className: 'sim-console no-print' }, this.#timeline, bar, this.#said);
    this.#place.replaceChildren(this.#view, console, scroll, this.#whose, this.#mends, form, fixed, help);
  }

  #speedControl(): HTMLElement {
    const select = made('select', {});
    const { speeds } = this.#simulation;
    select.append(
      ...speeds.map((speed) => new Option(speed >= 1 ? `${speed} ×` : `1/${Math.round(1 / speed)}`, String(speed))),
    );
    select.value = String(this.#speed);
    select.addEventListener('change', () => {
      this.#speed = Number(select.value);
    });
    return made('label', { className: 'sim-speed' }, 'Speed ', select);
  }

  #seedControl(): HTMLElement {
    const { name, seed } = this.#simulation;
    const control = createControl(`${name}-seed`, seedParameter(seed), (value) => {
      this.#renew(this.#settings, Number(value), true);
    });
    control.show(this.#seed);
    const another = button('Another seed', () => {
      const next = Math.floor(Math.random() * MAX_SEED);
      control.show(next);
      this.#renew(this.#settings, next, true);
    });
    const copy = button('Copy link', async () => {
      this.#writeAddress();
      try {
        await navigator.clipboard.writeText(location.href);
        copy.textContent = 'Copied';
      } catch {
        // The browser may forbid it; the address bar has the same.
        copy.textContent = 'It is in the address bar';
      }
    });
    return made('div', { className: 'sim-seed' }, control.element, another, copy);
  }

  /** Runs again with other settings, up to the same moment. Many in one frame are one. */
  #renew(settings: Settings, seed: number, settled: boolean): void {
    this.#settings = settings;
    this.#seed = seed;
    cancelAnimationFrame(this.#renewal);
    this.#renewal = requestAnimationFrame(() => {
      if (this.#simulation.own) void this.#runAgain();
      else this.#replaceRun(this.#simulation);
    });
    if (!settled) return;
    this.#tellMends([]);
    this.#writeAddress();
  }

  /** With the reader's own code where there is some. What is set meanwhile is asked for when that has come. */
  async #runAgain(): Promise<void> {
    if (this.#isAsking || !this.#simulation.own) return;
    this.#isAsking = true;
    for (;;) {
      const [settings, seed] = [this.#settings, this.#seed];
      const own = await this.#simulation.own({ settings, seed }).catch(() => undefined);
      if (settings !== this.#settings || seed !== this.#seed) continue;
      this.#isAsking = false;
      this.#whose.hidden = own === undefined;
      this.#whose.textContent = own?.said ?? '';
      const simulation = own?.simulation ?? this.#simulation;
      const { simulation: running, settings: runningSettings, seed: runningSeed } = this.#run;
      if (simulation !== running || settings !== runningSettings || seed !== runningSeed) this.#replaceRun(simulation);
      return;
    }
  }

  #replaceRun(simulation: Simulation): void {
    const at = this.#run.nowMs;
    this.#run = new Run(simulation, this.#settings, this.#seed);
    this.#run.seek(at);
    this.#show();
  }

  #writeAddress(): void {
    const start = { settings: this.#settings, seed: this.#seed };
    const search = writeAddress(this.#simulation, start, new URLSearchParams(location.search));
    history.replaceState(history.state, '', `?${search}#${this.#place.closest('figure')?.id ?? ''}`);
  }

  #tellMends(mends: readonly string[]): void {
    this.#mends.hidden = mends.length === 0;
    this.#mends.textContent = mends.length === 0 ? '' : `The address asked for something else. ${mends.join(' ')}`;
  }

  #allowMotion(): void {
    this.#play.hidden = this.#still.matches;
    if (this.#still.matches) this.#pause();
  }

  #toggle(): void {
    if (this.#playing) {
      this.#pause();
      this.#show();
      return;
    }
    if (this.#still.matches) return;
    if (this.#run.ended) this.#run.seek(0);
    this.#playing = true;
    this.#play.textContent = 'Pause';
    this.#say([]);
    this.#wake();
  }

  #pause(): void {
    this.#playing = false;
    this.#play.textContent = 'Play';
  }

  #wake(): void {
    if (!this.#playing || this.#frame !== 0) return;
    this.#lastFrameAt = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now: number): void {
    this.#frame = 0;
    if (!this.#playing || !this.#seen) return;
    const passedMs = Math.min(LONGEST_FRAME_MS, Math.max(0, now - this.#lastFrameAt));
    this.#lastFrameAt = now;
    this.#run.seek(this.#run.nowMs + passedMs * this.#speed);
    if (this.#run.ended) {
      this.#pause();
      this.#show();
      return;
    }
    this.#paint();
    if (now - this.#figuresAt > FIGURES_EVERY_MS) {
      this.#figuresAt = now;
      this.#showFigures();
    }
    this.#frame = requestAnimationFrame((next) => this.#tick(next));
  }

  #step(): void {
    this.#pause();
    this.#show(this.#run.step());
  }

  #stepBack(): void {
    this.#pause();
    this.#show(this.#run.stepBack());
  }

  #go(toMs: number): void {
    this.#pause();
    this.#run.seek(toMs);
    this.#show();
  }

  #act(id: string): void {
    const known = this.#run.notes.length;
    this.#run.act(id);
    if (!this.#playing) this.#show(this.#run.notes.slice(known));
  }

  #touched(event: Event): void {
    const mark = (event.target as Element).closest('[data-touch]');
    const id = mark?.getAttribute('data-touch');
    if (id) this.#act(id);
  }

  #pressed(event: KeyboardEvent): void {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const action = this.#simulation.actions?.find(({ key }) => key === event.key.toLowerCase());
    if (event.key === ' ') this.#toggle();
    else if (event.key === 'ArrowRight') this.#step();
    else if (event.key === 'ArrowLeft') this.#stepBack();
    else if (event.key === 'Home') this.#go(0);
    else if (action !== undefined) this.#act(action.id);
    else return;
    event.preventDefault();
  }

  /** Everything: after a step, a jump, a pause, other settings. */
  #show(notes: readonly Note[] = []): void {
    this.#say(notes);
    this.#paint();
    this.#showFigures();
    this.#svg.setAttribute('aria-label', this.#run.describe());
  }

  #paint(): void {
    const width = this.#view.clientWidth;
    if (width > 0) this.#painter.paint(this.#run.draw(width));
  }

  #showFigures(): void {
    const { nowMs } = this.#run;
    const { durationMs } = this.#simulation;
    this.#timeline.value = String(nowMs);
    this.#timeline.setAttribute('aria-valuetext', `${Math.round(nowMs)} of ${durationMs} milliseconds`);
    this.#time.textContent = `${(nowMs / 1000).toFixed(3)} of ${durationMs / 1000} s`;
    const { columns, rows } = this.#run.readings();
    fill(this.#heads, columns, 'th');
    while (this.#readings.rows.length < rows.length) this.#readings.append(made('tr', {}));
    rows.forEach((row, i) => {
      const line = this.#readings.rows[i];
      if (line !== undefined) fill(line, row, 'td');
    });
  }

  #say(notes: readonly Note[]): void {
    const texts = notes.slice(-SAID_NOTES).map(({ text }) => text);
    const at = notes.at(-1)?.atMs;
    const happened = at === undefined ? '' : `${at.toFixed(1)} ms: ${texts.join('; ')}. `;
    this.#said.textContent = this.#playing ? '' : happened + this.#run.describe();
  }
}

function keyHelp({ key, label }: { readonly key: string; readonly label: string }): string {
  return `${key.toUpperCase()}: ${label.toLowerCase()}`;
}

function fill(row: HTMLTableRowElement, texts: readonly string[], tag: 'th' | 'td'): void {
  while (row.cells.length < texts.length) {
    const first = row.cells.length === 0;
    const cell = made(first ? 'th' : tag, {});
    if (tag === 'th') cell.setAttribute('scope', 'col');
    else if (first) cell.setAttribute('scope', 'row');
    row.append(cell);
  }
  texts.forEach((text, i) => {
    const cell = row.cells[i];
    if (cell !== undefined && cell.textContent !== text) cell.textContent = text;
  });
}
