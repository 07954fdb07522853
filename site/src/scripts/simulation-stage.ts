/** Puts the live simulation into each place that says it has been seen. Loaded when the first one does. */
import type { SimulationName } from '../simulations/registry.ts';
import { mount } from '../simulations/stage.ts';

document.addEventListener('simulation:seen', ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  mount(target, target.dataset.name as SimulationName).catch(() => {
    target.dataset.state = 'failed';
  });
});
