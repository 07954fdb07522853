/** What chapters, write-ups and retrospectives may use without importing it. Each file says how at its top. */
import Aside from './Aside.astro';
import Command from './Command.astro';
import Diagram from './Diagram.astro';
import LabLink from './LabLink.astro';
import Measured from './Measured.astro';
import Plot from './Plot.astro';
import ProseLink from './ProseLink.astro';
import ProseTable from './ProseTable.astro';
import Region from './Region.astro';
import Simulation from './Simulation.astro';
import Sketch from './Sketch.astro';
import Source from './Source.astro';

export const mdxComponents = {
  Aside,
  Command,
  Diagram,
  LabLink,
  Measured,
  Plot,
  Region,
  Simulation,
  Sketch,
  Source,
  a: ProseLink,
  table: ProseTable,
};
