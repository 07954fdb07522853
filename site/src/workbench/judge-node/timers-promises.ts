import { setImmediate as later } from '../node/globals.ts';

export function setImmediate(): Promise<void> {
  return new Promise((resolve) => later(() => resolve()));
}

export function setTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => globalThis.setTimeout(resolve, ms));
}
