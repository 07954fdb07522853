import type { APIRoute, GetStaticPaths } from 'astro';
import { badgeSvg } from '../../../../checkpoints/record/badge.ts';
import { course } from '../../../../labs/course.ts';
import { type BuiltLab, builtLabs } from '../../../../labs/course-schema.ts';
import { proofOf } from '../../course/proof.ts';

/** A badge for each lab that is recorded, to show elsewhere: `/badges/tcp-echo.svg`. */
export const getStaticPaths = (() =>
  builtLabs(course)
    .filter(({ lab }) => proofOf(lab) !== undefined)
    .map(({ lab }) => ({ params: { lab: lab.slug }, props: { lab } }))) satisfies GetStaticPaths;

export const GET: APIRoute<{ lab: BuiltLab }> = ({ props: { lab } }) => {
  const { checkpointsPassed = 0, checkpoints = 0 } = proofOf(lab) ?? {};
  const value = `${checkpointsPassed} of ${checkpoints} checkpoints passed`;
  const whole = checkpointsPassed === checkpoints;
  return new Response(badgeSvg({ name: lab.slug, label: lab.slug, value, whole }));
};
