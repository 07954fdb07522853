import { NodeBuffer } from './buffer.ts';

const PLACEHOLDERS = ['s', 'd', 'i', 'f', 'j', 'o', 'O', 'c'];

/** Text that a console prints, formatted as Node does it in the simple cases. */
export function formatted(given: readonly unknown[]): string {
  const [first, ...rest] = given;
  if (typeof first !== 'string' || !/%[a-z%]/i.test(first)) return given.map((each) => inspect(each)).join(' ');
  const text = first.replaceAll(/%([a-z%])/gi, (all, kind: string) => {
    if (kind === '%') return '%';
    if (rest.length === 0 || !PLACEHOLDERS.includes(kind)) return all;
    const value = rest.shift();
    if (kind === 'c') return '';
    if (kind === 's') return typeof value === 'string' ? value : inspect(value);
    if (kind === 'j') return JSON.stringify(value);
    if (kind === 'd') return String(Number(value));
    if (kind === 'i') return String(Number.parseInt(String(value), 10));
    if (kind === 'f') return String(Number.parseFloat(String(value)));
    return inspect(value);
  });
  return [text, ...rest.map((each) => inspect(each))].join(' ');
}

/** A value as text. Simplified: objects as JSON. */
export function inspect(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return stackOf(value);
  if (value instanceof NodeBuffer)
    return `<Buffer ${value
      .subarray(0, 50)
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$& ')}>`;
  if (value instanceof Map || value instanceof Set)
    return `${value.constructor.name}(${value.size}) ${inspect([...value])}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

export function stackOf(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  const stack = error.stack ?? head;
  // Only V8 begins a stack with the message.
  return stack.startsWith(error.name) ? stack : `${head}\n${stack}`;
}
