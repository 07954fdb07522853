/** One run of a simulation: its clock, its notes, and what the reader did to it. Knows nothing of pages. */
import { createFakeClock, type FakeClock } from '../../../checkpoints/harness/faults/clock.ts';
import type { Settings } from './parameters.ts';
import type { Mark } from './scene.ts';
import type { Readings, Simulation } from './simulation.ts';

export interface Note {
  readonly atMs: number;
  readonly text: string;
}

/** Things that happen within one slice belong to one step. */
const SLICE_MS = 0.5;
/** More than any run here makes; the oldest go first. */
const MAX_NOTES = 20_000;
const MAX_ACTS = 1_000;

export class Run {
  readonly simulation: Simulation;
  readonly settings: Settings;
  readonly seed: number;
  #clock!: FakeClock;
  #beganAt = 0;
  #state: unknown;
  #notes: Note[] = [];
  /** Kept in the order of time, to be done again when the run is repeated. */
  #acts: { readonly atMs: number; readonly id: string }[] = [];
  #actsDone = 0;

  constructor(simulation: Simulation, settings: Settings, seed: number) {
    this.simulation = simulation;
    this.settings = settings;
    this.seed = seed;
    this.#begin();
  }

  get nowMs(): number {
    return this.#clock.now() - this.#beganAt;
  }

  get ended(): boolean {
    return this.nowMs >= this.simulation.durationMs;
  }

  get notes(): readonly Note[] {
    return this.#notes;
  }

  /** Goes to a moment: forwards by running on, backwards by running again from the start. */
  seek(toMs: number): void {
    const target = Math.min(Math.max(0, toMs), this.simulation.durationMs);
    if (target < this.nowMs) this.#begin();
    for (let act = this.#acts[this.#actsDone]; act !== undefined; act = this.#acts[this.#actsDone]) {
      if (act.atMs > target) break;
      this.#advanceTo(act.atMs);
      this.simulation.act?.(this.#state, act.id);
      this.#actsDone++;
    }
    this.#advanceTo(target);
  }

  /** Goes to the next moment at which something happens, or to the end. Returns what happened. */
  step(): readonly Note[] {
    const known = this.#notes.length;
    while (this.#notes.length === known && !this.ended) this.seek(this.nowMs + SLICE_MS);
    return this.#notes.slice(known);
  }

  /** Goes back to the last moment before this one at which something happened, or to the start. */
  stepBack(): readonly Note[] {
    const now = this.nowMs;
    const last = this.#notes.findLast(({ atMs }) => atMs < now - SLICE_MS);
    if (last === undefined) {
      this.seek(0);
      return [];
    }
    this.seek(Math.ceil(last.atMs / SLICE_MS) * SLICE_MS);
    const slice = this.nowMs - SLICE_MS;
    return this.#notes.filter(({ atMs }) => atMs > slice);
  }

  /** Does something to the run, now. What was done later, before the reader went back, is forgotten. */
  act(id: string): void {
    if (this.#actsDone >= MAX_ACTS) return;
    this.#acts.length = this.#actsDone;
    this.#acts.push({ atMs: this.nowMs, id });
    this.#actsDone++;
    this.simulation.act?.(this.#state, id);
  }

  draw(width: number): readonly Mark[] {
    return this.simulation.draw(this.#state, { width, nowMs: this.nowMs });
  }

  readings(): Readings {
    return this.simulation.readings(this.#state, this.nowMs);
  }

  describe(): string {
    return this.simulation.describe(this.#state, this.nowMs);
  }

  #begin(): void {
    const clock = createFakeClock();
    this.#clock = clock;
    this.#beganAt = 0;
    this.#notes = [];
    this.#actsDone = 0;
    const note = (text: string): void => {
      this.#notes.push({ atMs: this.nowMs, text });
      if (this.#notes.length > MAX_NOTES) this.#notes.shift();
    };
    this.#state = this.simulation.model({ settings: this.settings, seed: this.seed, clock, note });
    this.#beganAt = clock.now();
  }

  #advanceTo(toMs: number): void {
    // The sum of many small advances would drift from the moment that is meant.
    const ms = this.#beganAt + toMs - this.#clock.now();
    if (ms > 0) this.#clock.advance(ms);
  }
}
