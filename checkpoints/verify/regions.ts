import type { Fault } from './fault.ts';
import { filesBelow, textOf } from './source-files.ts';

const MARK = /^\s*(?:\/\/|#)\s*#(region|endregion)\b\s*(\S*)\s*$/;
const CODE = /(?:\.(?:ts|py|cs|mjs|sh|ya?ml|dockerignore)|\/Dockerfile)$/;

export interface RegionFault {
  readonly line: number;
  readonly what: string;
  readonly mend: string;
}

/** The regions of a file, by their `// #region name` … `// #endregion name` lines, and what is wrong with them. */
export function readRegions(text: string): {
  readonly names: readonly string[];
  readonly faults: readonly RegionFault[];
} {
  const open = new Map<string, number>();
  const names: string[] = [];
  const faults: RegionFault[] = [];
  text.split(/\r?\n/).forEach((content, i) => {
    const [, kind, name = ''] = MARK.exec(content) ?? [];
    const line = i + 1;
    if (kind === undefined) return;
    if (name === '') {
      faults.push({ line, what: `a #${kind} has no name`, mend: 'name it: prose quotes regions by name' });
    } else if (kind === 'region') {
      if (names.includes(name)) {
        faults.push({ line, what: `region "${name}" begins twice`, mend: 'give one of the two another name' });
      }
      names.push(name);
      open.set(name, line);
    } else if (!open.delete(name)) {
      faults.push({ line, what: `region "${name}" ends without having begun`, mend: 'give both marks one name' });
    }
  });
  for (const [name, line] of open) {
    faults.push({
      line,
      what: `region "${name}" is never closed`,
      mend: `write "#endregion ${name}" after its last line`,
    });
  }
  return { names, faults };
}

/**
 * Regions are well formed below `folders`, and every region that prose quotes exists.
 *
 * @param folders repository paths of the folders whose code may be quoted.
 * @param concerns whether a quoted file is part of what is to be proved. Default: every file.
 */
export async function checkRegions(
  root: string,
  folders: readonly string[],
  concerns: (file: string) => boolean = () => true,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const lists = await Promise.all(folders.map((folder) => filesBelow(root, folder)));
  const isAttempt = (file: string) => /^labs\/[^/]+\/[^/]+\/attempt/.test(file);
  for (const file of lists.flat().filter((name) => CODE.test(name) && !isAttempt(name))) {
    for (const { line, what, mend } of readRegions((await textOf(root, file)) ?? '').faults) {
      faults.push({ proof: 6, file: `${file}:${line}`, what, mend });
    }
  }
  for (const page of (await filesBelow(root, 'site/src/content')).filter((file) => file.endsWith('.mdx'))) {
    faults.push(...(await checkQuotes(root, page, concerns)));
  }
  return faults;
}

async function checkQuotes(root: string, page: string, concerns: (file: string) => boolean): Promise<Fault[]> {
  const text = (await textOf(root, page)) ?? '';
  const faults: Fault[] = [];
  for (const match of text.matchAll(/<Region\b([^>]*)>/g)) {
    const at = `${page}:${text.slice(0, match.index).split('\n').length}`;
    const fault = (what: string, mend: string) => faults.push({ proof: 6, file: at, what, mend });
    const file = attribute(match[1] ?? '', 'file');
    const name = attribute(match[1] ?? '', 'name');
    if (file === undefined || name === undefined) {
      fault(
        'a <Region> has no readable file or name',
        'write file="<path from the root>" name="<region>", as plain text',
      );
      continue;
    }
    if (!concerns(file)) continue;
    const code = await textOf(root, file);
    if (code === undefined) {
      fault(`quotes ${file}, which does not exist`, 'give a path from the root of the repository');
      continue;
    }
    const { names } = readRegions(code);
    if (!names.includes(name)) {
      fault(
        `quotes region "${name}", which ${file} does not have`,
        `use one of ${names.join(', ') || '(it has none)'}`,
      );
    }
  }
  return faults;
}

function attribute(text: string, name: string): string | undefined {
  return new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)')`)
    .exec(text)
    ?.slice(1)
    .find((value) => value !== undefined);
}
