/** The solution's files, which the workbench of a lab shows once every checkpoint is green. */
import type { APIRoute, GetStaticPaths } from 'astro';
import { solutionFiles, workbenchLabs } from '../../../course/workbench.ts';

export const getStaticPaths = (() =>
  workbenchLabs.map(({ lab, path }) => ({ params: { lab: lab.slug }, props: { path } }))) satisfies GetStaticPaths;

export const GET: APIRoute = ({ props }) => Response.json(solutionFiles(String(props.path)));
