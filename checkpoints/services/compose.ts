import type { Service } from '../../labs/course-schema.ts';
import type { Place } from './place.ts';

export async function stopCompose(_place: Place, _service: Service): Promise<boolean> {
  return false;
}
export async function startWithCompose(
  _place: Place,
  _service: Service,
  _onProgress: (t: string) => void,
): Promise<{ url: string } | undefined> {
  return undefined;
}
