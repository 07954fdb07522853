/** Watches the places of simulations. Nothing of a simulation is loaded before its place is seen. */
import type { SimulationName } from '../simulations/registry.ts';

class CourseSimulation extends HTMLElement {
  connectedCallback(): void {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void this.#load();
    });
    observer.observe(this);
  }

  async #load(): Promise<void> {
    try {
      const { mount } = await import('../simulations/stage.ts');
      await mount(this, this.dataset.name as SimulationName);
    } catch {
      // The still stays, and says all that it said before.
      this.dataset.state = 'failed';
    }
  }
}

customElements.define('course-simulation', CourseSimulation);
