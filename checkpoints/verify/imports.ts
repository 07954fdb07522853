import { posix } from 'node:path';
import ts from 'typescript';
import type { BuiltLab } from '../../labs/course-schema.ts';
import { filesBelow, textOf } from './source-files.ts';

/** One import as it stands in a file. */
export interface Import {
  /** Repository path of the importing file. */
  readonly file: string;
  /** What stands between the quotes. */
  readonly specifier: string;
  /** Repository path that a relative specifier leads to. */
  readonly path?: string;
  /** It is gone before anything runs. */
  readonly typeOnly: boolean;
}

export interface ImportFault {
  readonly file: string;
  readonly what: string;
  readonly mend: string;
}

interface Rule {
  readonly applies: (file: string, lab: LabPlace | undefined) => boolean;
  readonly forbids: (found: Import, lab: LabPlace | undefined) => boolean;
  readonly mend: string;
}

/** Where a file belongs, as far as labs go. */
interface LabPlace {
  /** `labs/<phase>/<lab>` */
  readonly folder: string;
  readonly isModule: boolean;
  readonly packages: readonly string[];
}

const CODE = /\.m?[tj]s$/;

const RULES: readonly Rule[] = [
  {
    applies: (file, lab) => lab !== undefined && file.startsWith(`${lab.folder}/`),
    forbids: ({ file, path, specifier }, lab) => {
      if (path === undefined) return !specifier.startsWith('node:') && !lab?.packages.includes(packageOf(specifier));
      const isManifest = file === `${lab?.folder}/lab.ts` && path === 'labs/course-schema.ts';
      return !isManifest && !path.startsWith(`${lab?.folder}/`);
    },
    mend: 'a lab stands by itself: it imports its own files, node: modules and the packages that its lab.ts names, and nothing of other labs, checkpoints or the site',
  },
  {
    applies: (file) => /^labs\/course[\w-]*\.ts$/.test(file) || /^labs\/[^/]+\/[^/]+\/lab\.ts$/.test(file),
    forbids: ({ path, specifier }) => (path === undefined ? !specifier.startsWith('node:') : !path.startsWith('labs/')),
    mend: 'the manifest is plain data: it imports nothing outside labs/ and node:',
  },
  {
    applies: (file, lab) => file.startsWith('checkpoints/') && lab !== undefined && !lab.isModule,
    // The manifest's types are no lab's code.
    forbids: ({ path }) => path?.startsWith('labs/') === true && path !== 'labs/course-schema.ts',
    mend: 'checkpoints of a program start it and speak its protocol; they import none of its code',
  },
  {
    applies: (file, lab) => file.startsWith('checkpoints/') && lab?.isModule === true,
    forbids: ({ specifier, path, typeOnly }, lab) => {
      const isOwnType = typeOnly && path?.startsWith(`${lab?.folder}/solution/`) === true;
      return specifier.startsWith('node:') || (path?.startsWith('labs/') === true && !isOwnType);
    },
    mend: 'these checkpoints judge what loadModule gives them, in a browser too: of the lab import types alone, of Node nothing',
  },
  {
    applies: (file) => file.startsWith('checkpoints/harness/') && !file.endsWith('.test.ts'),
    forbids: ({ path }) => path?.startsWith('labs/') === true,
    mend: 'the harness serves every lab and knows none',
  },
  {
    applies: (file) => file.startsWith('checkpoints/') || file.startsWith('diagrams/'),
    forbids: ({ path }) => path?.startsWith('site/') === true && !path.startsWith('site/tests/'),
    mend: 'the site shows what the engine does, never the other way round',
  },
];

/** The imports of a TypeScript text in order: re-exports, `import()` and `typeof import()` included. */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (name: ts.Node | undefined, typeOnly: boolean) => {
    if (!name || !ts.isStringLiteralLike(name)) return;
    const specifier = name.text;
    const path = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined;
    found.push({ file, specifier, typeOnly, ...(path === undefined ? {} : { path }) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext));
  return found;
}

/**
 * Holds every file of the course against what must not import what.
 *
 * @param labs the labs that stand.
 */
export async function checkImports(root: string, labs: readonly BuiltLab[]): Promise<ImportFault[]> {
  const lists = await Promise.all(['labs', 'checkpoints', 'diagrams'].map((folder) => filesBelow(root, folder)));
  const files = lists.flat().filter((file) => CODE.test(file) && !/^labs\/[^/]+\/[^/]+\/attempt/.test(file));
  const faults: ImportFault[] = [];
  for (const file of files) {
    const lab = labOf(file, labs);
    const rules = RULES.filter((rule) => rule.applies(file, lab));
    for (const found of importsOf(file, (await textOf(root, file)) ?? '')) {
      for (const rule of rules) {
        if (rule.forbids(found, lab)) faults.push({ file, what: `imports ${found.specifier}`, mend: rule.mend });
      }
    }
  }
  return faults;
}

function labOf(file: string, labs: readonly BuiltLab[]): LabPlace | undefined {
  const [, , phase, slug] = /^(labs|checkpoints)\/(\d-[^/]+)\/([^/.]+)(?:\/|\.test\.ts$)/.exec(file) ?? [];
  if (phase === undefined || slug === undefined) return undefined;
  const lab = labs.find((each) => each.slug === slug);
  const isModule = lab !== undefined && !lab.kinds.includes('program');
  return { folder: `labs/${phase}/${slug}`, isModule, packages: lab?.packages ?? [] };
}

/** `@node-rs/argon2/x` and `pg/lib/y` are parts of `@node-rs/argon2` and `pg`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
