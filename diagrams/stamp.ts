/** What a drawn diagram was made from: a hash in its first line, compared without drawing anything. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DiagramFault {
  /** Path under the diagrams' folder. */
  readonly file: string;
  readonly what: string;
  readonly mend: string;
}

/** The files that decide how a diagram looks, beside its source. */
const PIPELINE = ['render.ts', 'palette.ts', 'drawing.ts', 'stamp.ts'];
const FONT = new URL('../site/src/fonts/sans.woff2', import.meta.url);
const MERMAID = new URL('../node_modules/mermaid/package.json', import.meta.url);

/** The sources under a folder, as paths such as `1-networking/half-close.mmd`, sorted. */
export function filesUnder(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Hash of the pipeline, Mermaid's version and the font: the same for every diagram of one run. */
export function pipelineHash(): string {
  const hash = createHash('sha256');
  for (const name of PIPELINE) hash.update(readFileSync(new URL(name, import.meta.url)));
  hash.update(readFileSync(FONT));
  hash.update((JSON.parse(readFileSync(MERMAID, 'utf8')) as { version: string }).version);
  return hash.digest('hex');
}

/** The first line of a drawn diagram. */
export function stampOf(source: string, pipeline: string): string {
  const hash = createHash('sha256').update(pipeline).update(source).digest('hex').slice(0, 32);
  return `<!-- drawn from a .mmd by npm run diagrams, do not edit: ${hash} -->`;
}

/** What a reader who does not see the figure is told; undefined for what the source leaves out. */
export function labelOf(source: string): {
  readonly title: string | undefined;
  readonly description: string | undefined;
} {
  const line = (name: string) => new RegExp(`^\\s*${name}\\s*:\\s*(\\S.*)$`, 'm').exec(source)?.[1]?.trim();
  const block = /^\s*accDescr\s*\{([^}]*)\}/m.exec(source)?.[1]?.replace(/\s+/g, ' ').trim();
  return { title: line('accTitle'), description: line('accDescr') ?? block };
}

/** Everything that is wrong with the drawn diagrams of a folder, found without a browser. */
export function checkDiagrams(folder: string = fileURLToPath(new URL('.', import.meta.url))): DiagramFault[] {
  const pipeline = pipelineHash();
  const sources = filesUnder(folder, '.mmd');
  const faults: DiagramFault[] = [];
  for (const file of sources) {
    const source = readFileSync(join(folder, file), 'utf8');
    faults.push(...labelFaults(file, source));
    const drawn = join(folder, file.replace(/\.mmd$/, '.svg'));
    if (!existsSync(drawn)) faults.push({ file, what: 'has not been drawn', mend: 'run npm run diagrams' });
    else if (readFileSync(drawn, 'utf8').split('\n', 1)[0] !== stampOf(source, pipeline)) {
      faults.push({ file, what: 'has changed since it was drawn', mend: 'run npm run diagrams' });
    }
  }
  for (const file of filesUnder(folder, '.svg')) {
    if (!sources.includes(file.replace(/\.svg$/, '.mmd'))) {
      faults.push({ file, what: 'has no source beside it', mend: 'delete it, or bring its .mmd back' });
    }
  }
  return faults;
}

/** A diagram has to say in words what it shows. */
export function labelFaults(file: string, source: string): DiagramFault[] {
  const { title, description } = labelOf(source);
  const missing = [title === undefined ? ['accTitle'] : [], description === undefined ? ['accDescr'] : []].flat();
  return missing.map((name) => ({
    file,
    what: `has no ${name}`,
    mend: `add a line "${name}: …" that tells what the figure shows to somebody who cannot see it`,
  }));
}
