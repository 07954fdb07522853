import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a process may be made to die, in the order in which a change passes them. */
export type DrillPoint = 'before-commit' | 'after-commit' | 'before-publish' | 'after-publish' | 'before-ack';

export type Drill = (point: DrillPoint) => void;

// #region drill
/**
 * A failure drill: when the file `<folder>/<service>.<point>` holds the number 1, the process takes the file away and dies
 * on the spot, as it would by a power cut. A larger number is counted down. Without a folder nothing is looked at.
 */
export function createDrill(folder: string, service: string): Drill {
  if (folder === '') return () => {};
  return (point) => {
    const file = join(folder, `${service}.${point}`);
    let left: number;
    try {
      left = Number(readFileSync(file, 'utf8'));
    } catch {
      return; // nobody has asked for one
    }
    if (left > 1) return writeFileSync(file, String(left - 1));
    rmSync(file);
    process.kill(process.pid, 'SIGKILL');
  };
}
// #endregion drill
