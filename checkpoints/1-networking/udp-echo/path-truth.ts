/** What a client must report, from the sequence numbers of the replies in the order in which they were sent to it. */

export interface PathCounts {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

/** RFC 4737 §3.3, over the first copy of each. */
export function countPath(sent: number, replies: readonly number[]): PathCounts {
  const firsts = [...new Set(replies)];
  let largest = -1;
  let reordered = 0;
  for (const sequence of firsts) {
    if (sequence < largest) reordered += 1;
    largest = Math.max(largest, sequence);
  }
  return {
    sent,
    received: firsts.length,
    lost: sent - firsts.length,
    duplicated: replies.length - firsts.length,
    reordered,
  };
}

export function describeCounts({ sent, received, lost, duplicated, reordered }: PathCounts): string {
  return `sent ${sent}, received ${received}, lost ${lost}, duplicated ${duplicated}, reordered ${reordered}`;
}

export function sameCounts(one: PathCounts, other: PathCounts): boolean {
  return describeCounts(one) === describeCounts(other);
}
