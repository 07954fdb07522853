/**
 * Splits what is too long for one page into several, in order. Each holds at most `maxChars`, or one item that is longer.
 *
 * @returns at least one leaf.
 */
export function leavesOf<T>(items: readonly T[], charsOf: (item: T) => number, maxChars: number): T[][] {
  const leaves: T[][] = [[]];
  let chars = 0;
  for (const item of items) {
    const length = charsOf(item);
    if (chars > 0 && chars + length > maxChars) {
      leaves.push([]);
      chars = 0;
    }
    leaves.at(-1)?.push(item);
    chars += length;
  }
  return leaves;
}

/** The address of a leaf below `path`: the first is `path` itself, the second `path` + `2/`. */
export function leafPath(path: string, index: number): string {
  return index === 0 ? path : `${path}${index + 1}/`;
}
