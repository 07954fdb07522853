import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import ts from 'typescript';
import { repository } from '../runner/repository.ts';

/** One complaint of the compiler. Plain data: it crosses a thread. */
export interface TypeFault {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Work {
  readonly typeCheck: true;
  readonly files: readonly string[];
  readonly root: string;
}

const libraries = new Map<string, ts.SourceFile | undefined>();

/**
 * Type-checks files with the options of the repository's tsconfig.json. Takes seconds of one core: see
 * `typeCheckAside`.
 *
 * @param files absolute paths.
 * @param root the repository that they belong to; its own tsconfig.json counts, if it has one.
 */
export function typeCheck(files: readonly string[], root: string): TypeFault[] {
  const config = [root, repository].map((folder) => join(folder, 'tsconfig.json')).find(existsSync);
  const { config: json } = config ? ts.readConfigFile(config, ts.sys.readFile) : { config: {} };
  const { options } = ts.convertCompilerOptionsFromJson(json.compilerOptions, root);
  options.typeRoots = [join(repository, 'node_modules/@types')];
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  // The compiler's own libraries are parsed once a process, however many courses are checked.
  host.getSourceFile = (name, ...rest) => {
    if (!name.includes('/node_modules/')) return read(name, ...rest);
    if (!libraries.has(name)) libraries.set(name, read(name, ...rest));
    return libraries.get(name);
  };
  const program = ts.createProgram([...files], options, host);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    if (!source) return [{ file, line: 1, message: 'the compiler cannot read it' }];
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (diagnostic) => ({
        file,
        line: source.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + 1,
        message: `TS${diagnostic.code}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`,
      }),
    );
  });
}

/** The same in a thread of its own, so that checkpoints run meanwhile. */
export function typeCheckAside(files: readonly string[], root: string): Promise<TypeFault[]> {
  const work: Work = { typeCheck: true, files, root };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: work });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the type check ended early, with code ${code}`)));
  });
}

// Other threads have data of their own; only the one started here is asked to check.
const given = workerData as Partial<Work> | null;
if (!isMainThread && given?.typeCheck === true && given.files && given.root) {
  parentPort?.postMessage(typeCheck(given.files, given.root));
}
