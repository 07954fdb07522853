import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { isWritten, writtenTree } from './attempt.ts';

/**
 * One save is several events: an editor empties a file and then fills it, or writes a second file and renames it.
 * Events this close together are one save.
 */
const SETTLE_MS = 8;

/**
 * Watches what a person writes in a folder, and says which file changed. The folder may be replaced as a whole.
 *
 * Every folder has a watcher of its own instead of one recursive watcher: the recursive one of Linux follows files,
 * and loses those that an editor replaces by renaming.
 */
export class AttemptWatcher implements Disposable {
  readonly #root: string;
  readonly #onSave: (file: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #signature: ReadonlyMap<string, string>;
  #timer: NodeJS.Timeout | undefined;

  /** @param onSave is given the path of a changed file, relative to `root`. */
  constructor(root: string, onSave: (file: string) => void) {
    this.#root = root;
    this.#onSave = onSave;
    this.#signature = this.#look();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Follows the folders that are there now, and returns what each file looks like. */
  #look(): Map<string, string> {
    const { folders, files } = writtenTree(this.#root);
    // The folder above tells when the root itself is moved away or comes back.
    this.#follow(dirname(this.#root));
    for (const folder of folders) this.#follow(folder);
    for (const [folder, watcher] of this.#watchers) {
      if (folder === dirname(this.#root) || folders.includes(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    const signature = new Map<string, string>();
    for (const file of files) {
      const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
      if (stats) signature.set(file, `${stats.ino} ${stats.size} ${stats.mtimeNs}`);
    }
    return signature;
  }

  #follow(folder: string): void {
    if (this.#watchers.has(folder)) return;
    const isAbove = folder === dirname(this.#root);
    const watcher = watch(folder, { persistent: true }, (_event, name) => {
      if (name !== null && (isAbove ? name !== basename(this.#root) : !isWritten(name))) return;
      // A folder of the same name may have taken its place: its watcher would follow the old one.
      if (isAbove) this.#forgetAllBelow(folder);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#settle(), SETTLE_MS);
    });
    watcher.on('error', () => {
      watcher.close();
      this.#watchers.delete(folder);
    });
    this.#watchers.set(folder, watcher);
  }

  #forgetAllBelow(above: string): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folder === above) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
  }

  #settle(): void {
    const before = this.#signature;
    this.#signature = this.#look();
    const names = new Set([...before.keys(), ...this.#signature.keys()]);
    const changed = [...names].find((file) => before.get(file) !== this.#signature.get(file));
    if (changed !== undefined) this.#onSave(relative(this.#root, changed));
  }
}
