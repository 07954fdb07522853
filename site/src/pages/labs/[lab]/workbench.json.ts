/** What the workbench of a lab loads with its first touch. */
import type { APIRoute, GetStaticPaths } from 'astro';
import type { PlacedBuiltLab } from '../../../../../labs/course-schema.ts';
import { labData, workbenchLabs } from '../../../course/workbench.ts';

export const getStaticPaths = (() =>
  workbenchLabs.map((placed) => ({ params: { lab: placed.lab.slug }, props: { placed } }))) satisfies GetStaticPaths;

export const GET: APIRoute = ({ props }) => Response.json(labData(props.placed as PlacedBuiltLab));
