import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const POINTS = ['before-commit', 'after-commit', 'before-publish', 'after-publish', 'before-ack'] as const;
export type Point = (typeof POINTS)[number];

/** The folder in which processes look whether they are to die. */
export class Drills implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Drills> {
    return new Drills(await mkdtemp(join(tmpdir(), 'lab-drills-')));
  }

  /** The process dies when it passes the point for the nth time from now. */
  async arm(service: string, point: Point, nth = 1): Promise<void> {
    await writeFile(this.#file(service, point), String(nth));
  }

  /** Whether it has not died of it. */
  isArmed(service: string, point: Point): boolean {
    return existsSync(this.#file(service, point));
  }

  async disarm(service: string, point: Point): Promise<void> {
    await rm(this.#file(service, point), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #file(service: string, point: Point): string {
    return join(this.folder, `${service}.${point}`);
  }
}
