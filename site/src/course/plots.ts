import { readText } from './repository.ts';

export interface QuotedPlot {
  /** Name under `checkpoints/evidence/experiments/`. */
  readonly src: string;
  readonly caption: string;
}

/** Of SVG: about 2 KB compressed. Heavier ones would leave a page of several plots no room. */
const MAX_CHARS = 12_000;
const PLOT = /<Plot\s+src="([^"]+)"\s+caption="([^"]+)"/g;

/** The plots that a write-up shows, with its captions: the light ones, and how many are left for the write-up itself. */
export function plotsOf(mdx: string): { readonly shown: readonly QuotedPlot[]; readonly left: number } {
  const plots = [...mdx.matchAll(PLOT)].map(([, src = '', caption = '']) => ({ src, caption }));
  const isLight = ({ src }: QuotedPlot) => {
    const svg = readText(`checkpoints/evidence/experiments/${src}.svg`);
    return svg !== undefined && svg.length <= MAX_CHARS;
  };
  const shown = plots.filter(isLight);
  return { shown, left: plots.length - shown.length };
}
