/** Decides whether a path of the build context reaches the builder. */
export type IsIgnored = (path: string) => boolean;

interface Rule {
  readonly pattern: RegExp;
  readonly brings: boolean;
}

/**
 * The rules of a .dockerignore, as the builder applies them: the last rule that fits decides, and a rule that fits a
 * folder fits all that is in it. Source: docs.docker.com, "Build context", .dockerignore files.
 */
export function ignoreRules(text: string): IsIgnored {
  const rules = text.split(/\r?\n/).flatMap((line): Rule[] => {
    if (line.startsWith('#') || line.trim() === '') return [];
    const trimmed = line.trim();
    const brings = trimmed.startsWith('!');
    const path = clean(brings ? trimmed.slice(1).trim() : trimmed);
    return path === '' ? [] : [{ pattern: patternOf(path), brings }];
  });
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    let ignored = false;
    for (const { pattern, brings } of rules) {
      if (prefixes.some((prefix) => pattern.test(prefix))) ignored = !brings;
    }
    return ignored;
  };
}

/** Whether a COPY source such as `*.ts`, `src/` or `.` takes a path of the context. */
export function takes(source: string, path: string): boolean {
  const cleaned = clean(source);
  if (cleaned === '' || cleaned === '.') return true;
  const pattern = patternOf(cleaned);
  const parts = path.split('/');
  return parts.some((_, i) => pattern.test(parts.slice(0, i + 1).join('/')));
}

/** Go's `path.Clean`, and no slash at either end. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '..') parts.push(part);
  }
  return parts.join('/');
}

/** Go's `filepath.Match`, with `**` for any number of folders. */
function patternOf(path: string): RegExp {
  let source = '';
  for (let i = 0; i < path.length; i++) {
    const rest = path.slice(i);
    const folders = /^\*\*\/?/.exec(rest)?.[0];
    const set = /^\[\^?(?:\\.|[^\]\\])+\]/.exec(rest)?.[0];
    if (folders) {
      source += folders.endsWith('/') ? '(?:.*/)?' : '.*';
      i += folders.length - 1;
    } else if (set) {
      source += set;
      i += set.length - 1;
    } else if (path[i] === '*') source += '[^/]*';
    else if (path[i] === '?') source += '[^/]';
    else if (path[i] === '\\' && i + 1 < path.length) source += escaped(path[++i] ?? '');
    else source += escaped(path[i] ?? '');
  }
  return new RegExp(`^${source}$`, 's');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
