import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Course, Language, PlacedBuiltLab } from '../../labs/course-schema.ts';
import { allLabs, builtLabs, phaseFolder } from '../../labs/course-schema.ts';
import { programEntries } from '../runner/target.ts';
import { testFile } from '../runner/test-file.ts';
import type { Fault } from './fault.ts';
import { isForeign } from './source-files.ts';

const SOLUTION_FOLDERS: Record<Language, string> = {
  typescript: 'solution',
  python: 'solution-python',
  csharp: 'solution-csharp',
};

/** Everything that a built lab needs is there, and its folder holds nothing else. */
export async function checkLabFiles(placed: PlacedBuiltLab, root: string): Promise<Fault[]> {
  const { lab, path, phase } = placed;
  const faults: Fault[] = [];
  const fault = (file: string, what: string, mend: string) =>
    faults.push({ proof: 1, lab: lab.slug, file, what, mend });
  const need = (file: string, mend: string) => {
    if (!existsSync(join(root, file))) fault(file, 'does not exist', mend);
  };

  need(`${path}/lab.ts`, "write the lab's manifest entry");
  need(`${path}/brief.md`, 'write the contract that a stranger can implement');
  need(`${path}/starter/${lab.entry.typescript}`, 'write the starter, or mend entry.typescript in lab.ts');
  need(testFile(placed), "write the lab's checkpoints");
  const languages = Object.entries(lab.entry) as [Language, string][];
  for (const [language, entry] of languages) {
    need(`${path}/${SOLUTION_FOLDERS[language]}/${entry}`, `write it, or mend entry.${language} in ${path}/lab.ts`);
  }
  for (const diagram of lab.diagrams) {
    need(`diagrams/${phaseFolder(phase)}/${diagram}.mmd`, `draw it, or mend diagrams in ${path}/lab.ts`);
  }

  const allowed = new Set(['brief.md', 'lab.ts', 'starter', 'mistakes', 'variants']);
  for (const [language] of languages) allowed.add(SOLUTION_FOLDERS[language]);
  for (const name of await namesIn(root, path)) {
    if (allowed.has(name) || /^attempt|^progress.*\.json$/.test(name)) continue;
    const language = languageOfFolder(name);
    if (language === undefined) fault(`${path}/${name}`, 'is a stray file', 'move it or delete it');
    else
      fault(
        `${path}/${name}`,
        'is a solution that the manifest does not list',
        `add entry.${language} in ${path}/lab.ts`,
      );
  }
  for (const name of await namesIn(root, `${path}/mistakes`)) {
    if (!name.endsWith('.patch')) fault(`${path}/mistakes/${name}`, 'is a stray file', 'a mistake is one <name>.patch');
  }
  const entries = lab.kinds.includes('program')
    ? programEntries(placed).map(([, entry]) => entry)
    : [lab.entry.typescript];
  for (const variant of await namesIn(root, `${path}/variants`)) {
    if (entries.some((entry) => existsSync(join(root, path, 'variants', variant, entry)))) continue;
    fault(`${path}/variants/${variant}`, 'is no variant', `a variant is a folder with ${entries.join(' or ')}`);
  }
  return faults;
}

/** Folders and tests of labs that the manifest does not have, or has as planned. */
export async function checkCourseFolders(course: Course, root: string): Promise<Fault[]> {
  const faults: Fault[] = [];
  const known = new Set(allLabs(course).map(({ path }) => path));
  const built = builtLabs(course);
  const builtPaths = new Set(built.map(({ path }) => path));
  const tests = new Set(built.map(testFile));
  for (const phase of course.phases) {
    const folder = phaseFolder(phase);
    for (const name of await namesIn(root, `labs/${folder}`)) {
      const path = `labs/${folder}/${name}`;
      if (builtPaths.has(path)) continue;
      const what = known.has(path) ? 'belongs to a lab that is still planned' : 'belongs to no lab of the manifest';
      const mend = known.has(path)
        ? 'mark the lab as built in labs/course.ts, or move its folder away'
        : 'move it or delete it';
      faults.push({ proof: 1, file: path, what, mend });
    }
    for (const name of await namesIn(root, `checkpoints/${folder}`)) {
      const path = `checkpoints/${folder}/${name}`;
      const lab = name.replace(/\.test\.ts$/, '');
      if (tests.has(`checkpoints/${folder}/${lab}.test.ts`)) continue;
      faults.push({ proof: 1, file: path, what: 'belongs to no built lab', mend: 'move it or delete it' });
    }
  }
  for (const name of await namesIn(root, 'labs')) {
    if (course.phases.some((phase) => phaseFolder(phase) === name) || /^course[\w.-]*\.ts$/.test(name)) continue;
    faults.push({ proof: 1, file: `labs/${name}`, what: 'belongs to no phase', mend: 'move it or delete it' });
  }
  return faults;
}

function languageOfFolder(name: string): Language | undefined {
  const found = (Object.entries(SOLUTION_FOLDERS) as [Language, string][]).find(([, folder]) => folder === name);
  return found?.[0];
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder)).catch(() => []);
  return names.filter((name) => !isForeign(name)).sort();
}
