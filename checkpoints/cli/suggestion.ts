/** Edits that a suggestion may be away: about a third of the word, and never a different word. */
const MAX_EDITS = 3;

/** The candidate that was probably meant, or undefined when none is near enough. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let fewest = Math.min(MAX_EDITS, Math.max(1, Math.floor(typed.length / 3))) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(typed, candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  // Half a word typed is no typing error, but just as clear when only one candidate starts like it.
  const starting = typed.length >= 2 ? candidates.filter((candidate) => candidate.startsWith(typed)) : [];
  return best ?? (starting.length === 1 ? starting[0] : undefined);
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b` (optimal string alignment:
 * no substring is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
