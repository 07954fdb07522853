/** What a body was read as: the texts asked for, or one sentence about what is wrong with it. */
export type ReadBody<Name extends string> =
  | { readonly ok: true; readonly texts: Readonly<Record<Name, string>> }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a JSON object that has exactly the members named, all of them text.
 *
 * A member that nobody asked for is refused: what is ignored today is assigned tomorrow, such as `"role": "warden"`.
 */
export function readTexts<Name extends string>(body: unknown, names: readonly Name[]): ReadBody<Name> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, problem: 'the body is a JSON object' };
  }
  const members = new Map<string, unknown>(Object.entries(body));
  for (const name of members.keys()) {
    if (!(names as readonly string[]).includes(name)) {
      return { ok: false, problem: `the body has the members ${names.join(', ')} and no others` };
    }
  }
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = members.get(name);
    // Half of a surrogate pair is no text: every one of them would be encoded, and hashed, as the same U+FFFD.
    if (typeof value !== 'string' || !value.isWellFormed()) return { ok: false, problem: `${name} is a text` };
    texts[name] = value;
  }
  return { ok: true, texts: texts as Record<Name, string> };
}
