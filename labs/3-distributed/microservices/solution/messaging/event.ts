import { randomUUID } from 'node:crypto';

/** A CloudEvents 1.0 event in structured mode, with two extension attributes of ours. */
export interface TavernEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** The service that tells it; with `id` it is the identity of the event (CloudEvents §3.1). */
  readonly source: string;
  /** What happened; also the routing key. */
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** `<major>.<minor>`: a minor adds fields, a major changes what is there. */
  readonly dataversion: string;
  /** Of the request that set it off, for the logs. */
  readonly requestid: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type NewEvent = Pick<TavernEvent, 'type' | 'dataversion' | 'data' | 'requestid'>;

export function createEvent(source: string, event: NewEvent): TavernEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ...event,
  };
}

// #region tolerant-reader
/**
 * Reads what came from a queue, and of that only what everybody needs: whatever else is in it is for others.
 *
 * @returns undefined when it is no event.
 */
export function parseEvent(content: Buffer): TavernEvent | undefined {
  try {
    const value = JSON.parse(content.toString('utf8')) as Partial<TavernEvent> | null;
    const texts = [value?.id, value?.source, value?.type, value?.dataversion];
    if (!texts.every((text) => typeof text === 'string' && text !== '')) return undefined;
    if (typeof value?.data !== 'object' || value.data === null) return undefined;
    return { ...(value as TavernEvent), requestid: typeof value.requestid === 'string' ? value.requestid : '' };
  } catch {
    return undefined;
  }
}

/** The major version, which says whether we can read an event at all. */
export function majorOf({ dataversion }: Pick<TavernEvent, 'dataversion'>): number {
  return Number(/^(\d+)\.\d+$/.exec(dataversion)?.[1] ?? Number.NaN);
}
// #endregion tolerant-reader
