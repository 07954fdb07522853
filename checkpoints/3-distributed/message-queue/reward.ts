/** A message as the brief has it. */
export interface Reward {
  readonly id: string;
  readonly adventurer: string;
  readonly gold: number;
  readonly key?: string;
}

/** So many rewards, `<name>-1` and on. */
export function rewards(count: number, name: string, more: Partial<Reward> = {}): Reward[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}-${i + 1}`,
    adventurer: 'Brida',
    gold: i + 1,
    ...more,
  }));
}

export function reward(id: string, more: Partial<Reward> = {}): Reward {
  return { id, adventurer: 'Brida', gold: 5, ...more };
}
