/** Looks a variable up; undefined when it has no value. */
export type Lookup = (name: string) => string | undefined;

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME-word}`, `${NAME:+word}` and `${NAME:?message}`, as Dockerfiles
 * and Compose files know them; `$$` is a dollar. A variable without a value becomes empty.
 */
export function expand(text: string, lookup: Lookup): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const reference = text[at] === '$' ? referenceAt(text, at) : undefined;
    if (!reference) {
      result += text[at];
      at += 1;
      continue;
    }
    result += worthOf(reference, lookup);
    at = reference.end;
  }
  return result;
}

/** One `${…}` of a text. */
export interface Reference {
  readonly name: string;
  /** `:-`, `-`, `:?`, `?`, `:+`, `+`, or empty. */
  readonly operator: string;
  readonly word: string;
  readonly start: number;
  /** Index after its last character. */
  readonly end: number;
}

/** The references of a text, those inside others left out. */
export function referencesIn(text: string): Reference[] {
  const found: Reference[] = [];
  for (let at = 0; at < text.length; at++) {
    const reference = text[at] === '$' ? referenceAt(text, at) : undefined;
    if (!reference) continue;
    if (reference.name !== '$') found.push(reference);
    at = reference.end - 1;
  }
  return found;
}

function referenceAt(text: string, start: number): Reference | undefined {
  const plain = /^\$(?:([A-Za-z_]\w*)|(\$))/.exec(text.slice(start));
  if (plain) {
    return { name: plain[1] ?? '$', operator: '', word: '', start, end: start + plain[0].length };
  }
  const head = /^\$\{([A-Za-z_]\w*)(:?[-?+])?/.exec(text.slice(start));
  if (!head) return undefined;
  let depth = 1;
  let end = start + head[0].length;
  const wordStart = end;
  for (; end < text.length; end++) {
    if (text.startsWith('${', end)) depth += 1;
    else if (text[end] === '}') depth -= 1;
    if (depth === 0) break;
  }
  if (depth > 0) return undefined;
  return { name: head[1] ?? '', operator: head[2] ?? '', word: text.slice(wordStart, end), start, end: end + 1 };
}

function worthOf({ name, operator, word }: Reference, lookup: Lookup): string {
  if (name === '$') return '$';
  const value = lookup(name);
  const has = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  if (operator.endsWith('-')) return has ? (value ?? '') : expand(word, lookup);
  if (operator.endsWith('+')) return has ? expand(word, lookup) : '';
  return value ?? '';
}
