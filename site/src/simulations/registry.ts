/** Every simulation by its name. Each is loaded by itself, when it is seen. */
import type { Simulation } from './simulation.ts';

type Load = () => Promise<{ readonly simulation: Simulation }>;

export const SIMULATIONS = {
  loss: () => import('./loss.ts'),
  backpressure: () => import('./backpressure.ts'),
  framing: () => import('./framing.ts'),
  stampede: () => import('./stampede.ts'),
  outbox: () => import('./outbox.ts'),
} as const satisfies Record<string, Load>;

export type SimulationName = keyof typeof SIMULATIONS;

export function isSimulationName(name: string): name is SimulationName {
  return Object.hasOwn(SIMULATIONS, name);
}
