/**
 * What a simulation is. One file says all of it: parameters, a model that is run by a seeded clock, a drawing, and the
 * words that stand in for the drawing. The engine does the rest: play, pause, step, back, speed, timeline, controls,
 * the address that carries every parameter, the still for pages without script, keyboard and touch.
 *
 *   export const simulation = defineSimulation({
 *     name: 'breaker',                    // its place in the address, its anchor, its line in `registry.ts`
 *     title: 'A breaker opens', caption: 'What to see.',
 *     parameters: { failures: { kind: 'number', label: 'Failures', unit: '%', min: 0, max: 100, step: 1, value: 20 } },
 *     constants: ['a call takes 50 ms'],  // what cannot be set, so that no number is hidden
 *     durationMs: 10_000, speed: 0.5, speeds: [0.25, 0.5, 1], seed: 7, stillAtMs: 3_000, height: 300,
 *     model: ({ settings, clock, seed, note }) => …,   // sets timers on the clock; whatever it returns is its state
 *     draw: (state, { width, nowMs }) => [ … ],        // marks, see `scene.ts`; called for each frame
 *     readings: (state, nowMs) => ({ columns, rows }), // the figures under the drawing
 *     describe: (state, nowMs) => '…',                 // the same in a sentence or two
 *   });
 *
 * The rules that the engine relies on:
 * - A model asks nobody but its clock for the time and nobody but its seed for luck. Then the same seed and settings
 *   give the same run, whatever the frame rate is, and going back is running again from the start.
 * - A model may move the clock on before it returns, for a handshake say: time 0 of the run is where it leaves it.
 * - `note` tells what has happened, in a clause. A step goes to the next moment with a note.
 * - `draw`, `readings` and `describe` change nothing.
 */
import type { FakeClock } from '../../../checkpoints/harness/faults/clock.ts';
import type { Parameters, SettingsOf } from './parameters.ts';
import type { Mark } from './scene.ts';

/** What a model is given. */
export interface Surroundings<Settings> {
  readonly settings: Settings;
  readonly seed: number;
  readonly clock: FakeClock;
  /** Tells that something happened now. */
  note(text: string): void;
}

export interface Frame {
  /** Room for the drawing, in CSS pixels: about 350 on a phone, 896 at most. */
  readonly width: number;
  /** Time since the run began. */
  readonly nowMs: number;
}

/** A small table of figures. The first column names the row. */
export interface Readings {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something that a reader may do to a run. It is done again at its moment whenever the run is repeated. */
export interface Action {
  readonly id: string;
  readonly label: string;
  /** A letter. */
  readonly key: string;
}

export interface Simulation<P extends Parameters = Parameters, State = unknown> {
  readonly name: string;
  readonly title: string;
  /** What to see in it, for the caption. */
  readonly caption: string;
  readonly parameters: P;
  readonly constants: readonly string[];
  /** The length of a run, in its own time. */
  readonly durationMs: number;
  /** Times real time, slowest first. `speed` is the one to begin with. */
  readonly speeds: readonly number[];
  readonly speed: number;
  /** The seed to begin with, and that of the still. */
  readonly seed: number;
  /** The moment of the still, and the one that a visitor finds. Worth choosing well. */
  readonly stillAtMs: number;
  /** Of the drawing, in CSS pixels, at every width. */
  readonly height: number;
  /**
   * Pixels that controls and figures take below the drawing: on pages narrower than 375, 560, 768 and 1184 px, and on wider
   * ones. The page keeps so much free, so that nothing moves when the live figure comes. Default: about as much as most take.
   */
  readonly room?: readonly [number, number, number, number, number];
  readonly actions?: readonly Action[];
  model(given: Surroundings<SettingsOf<P>>): State;
  draw(state: State, frame: Frame): readonly Mark[];
  readings(state: State, nowMs: number): Readings;
  describe(state: State, nowMs: number): string;
  /** Asked before each run for one with the reader's own code, which may take its time; undefined when there is none. */
  own?(given: { readonly settings: SettingsOf<P>; readonly seed: number }): Promise<OwnRun | undefined>;
  /** Does an action, or what a touch of a mark asks for. What cannot be done now does nothing. */
  act?(state: State, id: string): void;
}

/** A run of the same simulation with what the reader has written. */
export interface OwnRun {
  /** With the same parameters. */
  readonly simulation: Simulation;
  /** Whose code runs, as a sentence. */
  readonly said: string;
}

/** Checks a simulation's types and forgets what is particular to it. */
export function defineSimulation<const P extends Parameters, State>(simulation: Simulation<P, State>): Simulation {
  return simulation as unknown as Simulation;
}
