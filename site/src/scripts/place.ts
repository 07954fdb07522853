/** A page or a term that the palette can lead to. */
export interface Place {
  readonly kind: string;
  readonly title: string;
  /** With the site's folder. */
  readonly path: string;
}

/** Those whose title holds every word of a query, the ones that begin with it first. At most `limit`. */
export function matching<T extends { readonly title: string }>(
  entries: readonly T[],
  query: string,
  limit: number,
): T[] {
  const asked = query.toLowerCase();
  const words = asked.split(/\s+/).filter((word) => word !== '');
  const rank = ({ title }: T) => (title.toLowerCase().startsWith(asked) ? 0 : 1);
  return entries
    .filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, limit);
}
