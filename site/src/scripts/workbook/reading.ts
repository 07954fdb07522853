/** Links to what explains a checkpoint. */
import type { CheckpointResult } from '../result-list.ts';
import { base } from './calls.ts';

/** The result with the address of its chapter under the folder that the site stands in. */
export function withAddress(result: CheckpointResult): CheckpointResult {
  const { read } = result.failure ?? {};
  return read ? { ...result, failure: { ...result.failure, read: { ...read, href: addressOf(read.href) } } } : result;
}

/** A path of the site under the folder that the site stands in; an anchor as it is. */
export function addressOf(path: string): string {
  return path.startsWith('/') ? `${base}${path.slice(1)}` : path;
}
