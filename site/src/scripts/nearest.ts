/** How many single-letter changes lead from one text to the other: Levenshtein's distance. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The last part of an address says most about what was meant: `/lab/tcp-ehco/` is near `/labs/tcp-echo/`. */
const lastPart = (path: string) =>
  path
    .split('/')
    .filter((part) => part !== '')
    .at(-1) ?? '';

/** A shorter part than this is in too many names to say anything. */
const MIN_PART = 4;

const shortest = (a: string, b: string) => Math.min(a.length, b.length);

/** The paths that a mistyped one may have meant, nearest first; none when nothing is near. At most `limit`. */
export function nearest(asked: string, paths: readonly string[], limit: number): string[] {
  const name = lastPart(asked.toLowerCase());
  return paths
    .map((path) => {
      const own = lastPart(path);
      const isPart = shortest(name, own) >= MIN_PART && (own.includes(name) || name.includes(own));
      const off = isPart ? 1 : distance(name, own);
      return { path, off, isNear: own !== '' && name !== '' && off <= Math.max(1, Math.floor(own.length / 3)) };
    })
    .filter(({ isNear }) => isNear)
    .sort((a, b) => a.off - b.off || distance(asked, a.path) - distance(asked, b.path))
    .slice(0, limit)
    .map(({ path }) => path);
}
