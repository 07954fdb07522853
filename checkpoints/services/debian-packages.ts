import type { Place } from './place.ts';
import type { Programs, ServerKit } from './server-kit.ts';

export async function locateDebian(_kit: ServerKit, _place: Place, _home: string): Promise<Programs | undefined> {
  return undefined;
}
export type Consent = true | ((question: string) => Promise<boolean>);
export class DebianError extends Error {}
export async function extractDebian(
  _kit: ServerKit,
  _place: Place,
  _consent: Consent,
  _onProgress: (t: string) => void,
): Promise<boolean> {
  return false;
}
