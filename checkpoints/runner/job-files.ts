import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * Test files that stand for jobs: each chooses its target and then loads the checkpoints. So one worker judges many
 * targets of a lab, and loads Vitest, the harness and the suite's helpers once for all of them.
 */
export class JobFiles implements Disposable {
  readonly #root: string;
  readonly #folder: string;

  /** @param root the repository that holds the checkpoints; the files are made in its cache. */
  constructor(root: string) {
    this.#root = root;
    const cache = join(root, '.cache');
    mkdirSync(cache, { recursive: true });
    removeLeftovers(cache);
    this.#folder = mkdtempSync(join(cache, `jobs-${process.pid}-`));
  }

  /**
   * @param index of the target among those that its project provides.
   * @param testFile of the lab, relative to the root.
   * @returns absolute path.
   */
  add(name: string, index: number, testFile: string): string {
    const file = join(this.#folder, `${name}.test.ts`);
    const harness = this.#pathOf('checkpoints/harness/target-under-test.ts');
    // With a query of its own the test file is evaluated once more, and what it imports is not.
    const checkpoints = `${this.#pathOf(testFile)}?job=${index}`;
    const lines = [
      `import { chooseTarget } from ${JSON.stringify(harness)};`,
      `chooseTarget(${index});`,
      `await import(${JSON.stringify(checkpoints)});`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #pathOf(file: string): string {
    return relative(this.#folder, join(this.#root, file)).split(sep).join('/');
  }
}

/** Folders of runs that were killed. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = /^jobs-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
