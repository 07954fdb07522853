import type { Place } from './place.ts';
export async function removePrivateLeftovers(_place: Place): Promise<void> {}
