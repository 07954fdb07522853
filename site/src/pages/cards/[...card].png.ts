import type { APIRoute, GetStaticPaths } from 'astro';
import { cardPng } from '../../course/card-png.ts';
import { type Card, cardOf, cards } from '../../course/cards.ts';

/** The pictures that are shown with links. None while the site does not know its address: nobody could be told theirs. */
export const getStaticPaths = (() =>
  import.meta.env.SITE
    ? cards().map((card) => ({
        params: { card: cardOf(card.path).replace(/^\/cards\/|\.png$/g, '') },
        props: { card },
      }))
    : []) satisfies GetStaticPaths;

export const GET: APIRoute<{ card: Card }> = async ({ props: { card } }) =>
  new Response(new Uint8Array(await cardPng(card)), { headers: { 'Content-Type': 'image/png' } });
