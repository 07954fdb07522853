/**
 * What runs call their own on a server that they share. `npm run services -- up` knows the leftovers of crashed runs by
 * it.
 */
export const DATABASE_PREFIX = 'lab_';
export const KEY_PREFIX = 'lab:';
export const QUEUE_PREFIX = 'lab.';
