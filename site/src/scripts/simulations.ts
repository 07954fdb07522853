/** Watches the places of simulations. Nothing of a simulation is loaded before its place is seen. */
import stage from './simulation-stage.ts?worker&url';

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
      // As a file of its own, by its address: Vite's helper for dynamic imports would weigh twice as much as this.
      await import(/* @vite-ignore */ stage);
      this.dispatchEvent(new Event('simulation:seen', { bubbles: true }));
    } catch {
      // The still stays, and says all that it said before.
      this.dataset.state = 'failed';
    }
  }
}

customElements.define('course-simulation', CourseSimulation);
