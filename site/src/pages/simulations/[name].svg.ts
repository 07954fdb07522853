/** The stills of the simulations: made at build by the code that runs in the page. */
import type { APIRoute } from 'astro';
import { isSimulationName, SIMULATIONS } from '../../simulations/registry.ts';
import { stillOf } from '../../simulations/still.ts';

export function getStaticPaths() {
  return Object.keys(SIMULATIONS).map((name) => ({ params: { name } }));
}

export const GET: APIRoute = async ({ params: { name = '' } }) => {
  if (!isSimulationName(name)) return new Response(null, { status: 404 });
  const { simulation } = await SIMULATIONS[name]();
  return new Response(stillOf(simulation).file, { headers: { 'content-type': 'image/svg+xml' } });
};
