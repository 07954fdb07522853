import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../labs/course-schema.ts';

/** What a clone notes about a server of its own, once it answers. */
export interface InstanceRecord {
  readonly version: 1;
  readonly service: Service;
  /** `native`: processes of ours. `compose`: a container of this clone's project. */
  readonly source: 'native' | 'compose';
  readonly url: string;
  /** For people: where its programs come from. */
  readonly from: string;
  readonly serverVersion: string;
  /** ISO 8601. */
  readonly since: string;
}

const NAME = 'instance.json';

/** The record in a service's folder. Undefined: there is none, or none that can be read. */
export function readRecord(folder: string): InstanceRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as InstanceRecord;
    return record.version === 1 && typeof record.url === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and moved: whoever reads sees the whole of it. Ours alone, as it holds a password. */
export function writeRecord(folder: string, record: InstanceRecord): void {
  const draft = join(folder, `${NAME}.draft`);
  writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, join(folder, NAME));
}

export function removeRecord(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}
