/**
 * What runs call their own on a server that they share: databases, keys, queues. `npm run services -- up` knows the
 * leftovers of crashed runs by it.
 */
export const DATABASE_PREFIX = 'lab_';
