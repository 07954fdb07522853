import type { IncomingMessage } from 'node:http';
import { type Fault, Problem } from './problem.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/** @throws Problem 413 as soon as the body is known to be larger than `MAX_BODY_BYTES`. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES)
        throw new Problem('too-large', `The body may have ${MAX_BODY_BYTES} bytes at the most.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed', 'The body ended before its end.', { cause: error });
  }
  return Buffer.concat(chunks);
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem('malformed', 'The body is not JSON in UTF-8.', { cause });
  }
}

/** What a field must be. Undefined when a value fits, or what is asked for. */
export type Rule = (value: unknown) => string | undefined;

export const text =
  (min: number, max: number): Rule =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max && !value.includes('\0')
      ? undefined
      : `must be text of ${min} to ${max} characters`;

export const whole =
  (min: number, max: number): Rule =>
  (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const GUILD = /^[a-z][a-z0-9-]{0,39}$/;

export const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);
export const isGuild = (value: unknown): value is string => typeof value === 'string' && GUILD.test(value);
export const uuid: Rule = (value) => (isUuid(value) ? undefined : 'must be a UUID in lower case');
export const guildName: Rule = (value) =>
  isGuild(value) ? undefined : 'must be 1 to 40 of a-z, 0-9 and -, a letter first';

/**
 * Holds a body against its rules: all fields are required, and no others are allowed.
 *
 * @throws Problem 422 that tells all faults at once.
 */
export function readFields<T>(bytes: Buffer, rules: Readonly<Record<keyof T & string, Rule>>): T {
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('validation', 'The body must be an object.', {
      errors: [{ pointer: '', detail: 'must be an object' }],
    });
  }
  const errors: Fault[] = [];
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    const detail = rule(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
    if (detail !== undefined) errors.push({ pointer: `/${name}`, detail });
  }
  for (const name of Object.keys(value)) {
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Object.hasOwn(rules, name)) errors.push({ pointer, detail: 'is not known' });
  }
  if (errors.length > 0) throw new Problem('validation', 'Some fields are not valid.', { errors });
  return value as T;
}
