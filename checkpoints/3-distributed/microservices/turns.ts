/**
 * Checkpoints that run at once take turns in a town: while one kills or freezes its services, nobody else may be there.
 */
export type TownName = 'shared' | 'other' | 'brisk';

const lastTurns = new Map<TownName, Promise<unknown>>();

/** Runs `judge` when all who came before it have left the town. */
export async function inTurn<T>(town: TownName, judge: () => Promise<T>): Promise<T> {
  const turn = Promise.resolve(lastTurns.get(town)).then(judge, judge);
  lastTurns.set(town, turn);
  return turn;
}
