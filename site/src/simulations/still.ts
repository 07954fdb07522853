/** What stands on a page before a simulation is loaded, and where there is no script: made at build by the same code. */
import { defaults, shown } from './parameters.ts';
import { Run } from './run.ts';
import { stillFile } from './scene-markup.ts';
import type { Simulation } from './simulation.ts';

/** The width that a still is drawn for; narrower pages scroll it sideways. */
export const STILL_WIDTH = 896;

export interface Still {
  readonly file: string;
  readonly description: string;
}

export function stillOf(simulation: Simulation): Still {
  const settings = defaults(simulation.parameters);
  const run = new Run(simulation, settings, simulation.seed);
  run.seek(simulation.stillAtMs);
  const values = Object.entries(simulation.parameters).map(
    ([id, parameter]) => `${parameter.label}: ${shown(parameter, settings[id] ?? '')}`,
  );
  const made = [...values, `Seed: ${simulation.seed}`].join(', ');
  return {
    file: stillFile(run.draw(STILL_WIDTH), { width: STILL_WIDTH, height: simulation.height, made }),
    description: run.describe(),
  };
}
