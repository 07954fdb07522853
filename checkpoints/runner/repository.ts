import { fileURLToPath } from 'node:url';

/** Absolute path of the repository, without a slash at the end. */
export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** Where everything that can be made again lives. Never committed. */
export const cacheFolder = `${repository}/.cache`;
