import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Lines that hold code: no blank ones, and none that only comments. */
export interface LinesOfCode {
  /** Files that both have, byte by byte the same: counted once, and in neither of the next two. */
  readonly shared: number;
  readonly monolith: number;
  readonly split: number;
  /** What `split` is made of. */
  readonly splitParts: Readonly<Record<SplitPart, number>>;
}

/** `domain`: accounts, quests and rewards. `processes`: starting, watching and ending them, their settings and roles. */
export type SplitPart = 'domain' | 'messaging' | 'gateway' | 'processes';

const LAB = join(import.meta.dirname, '../../../labs/3-distributed/microservices');
const DOMAIN = ['accounts', 'quests', 'rewards', 'http', 'database.ts', 'definitions.ts', 'service-tools.ts'];

export async function countLines(): Promise<LinesOfCode> {
  const monolith = await sourcesOf(join(LAB, 'starter/monolith'));
  const split = await sourcesOf(join(LAB, 'solution'));
  const isShared = ([file, text]: readonly [string, string]) => monolith.get(file) === text && split.get(file) === text;
  const own = (sources: ReadonlyMap<string, string>) => [...sources].filter((each) => !isShared(each));
  const sum = (files: readonly (readonly [string, string])[]) => files.reduce((n, [, text]) => n + codeLines(text), 0);
  const partsOf = (part: SplitPart) => sum(own(split).filter(([file]) => partOf(file) === part));
  return {
    shared: sum([...monolith].filter(isShared)),
    monolith: sum(own(monolith)),
    split: sum(own(split)),
    splitParts: {
      domain: partsOf('domain'),
      messaging: partsOf('messaging'),
      gateway: partsOf('gateway'),
      processes: partsOf('processes'),
    },
  };
}

/** Contracts are left out: they are tests, and their generator. */
async function sourcesOf(folder: string): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (!entry.isFile() || !file.endsWith('.ts') || file.startsWith('contracts/')) continue;
    sources.set(file, await readFile(join(folder, file), 'utf8'));
  }
  return sources;
}

function partOf(file: string): SplitPart {
  const [first = ''] = file.split('/');
  if (first === 'messaging') return 'messaging';
  if (first === 'gateway' || first === 'gateway.ts') return 'gateway';
  return DOMAIN.includes(first) ? 'domain' : 'processes';
}

function codeLines(text: string): number {
  return text.split('\n').filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;
}
