import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Fault, Problem } from './problem.ts';
import { type SchemaName, schemas } from './schemas.ts';

/** A body holds at most this many faults worth telling; the rest would only be bulk. */
const MAX_FAULTS = 100;

// allErrors: the person on the other side mends a form once, not field by field. What that may cost is bounded by the
// size of a body. Defaults are filled in elsewhere: a validator that changes its input is hard to reason about.
const ajv = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true });
addFormats.default(ajv);
const validators = new Map<SchemaName, ValidateFunction>();

// #region validate
/**
 * Holds a body against a schema of the document.
 *
 * @returns the body, now known to be an object of that schema.
 * @throws Problem with all faults at once.
 */
export function validate(name: SchemaName, body: unknown): Record<string, unknown> {
  let validator = validators.get(name);
  if (validator === undefined) {
    validator = ajv.compile(schemas[name]);
    validators.set(name, validator);
  }
  if (validator(body)) return body as Record<string, unknown>;
  const faults = (validator.errors ?? []).filter(isTold).slice(0, MAX_FAULTS).map(toFault);
  throw new Problem('validation', 'The body does not fit its schema; see errors.', { errors: faults });
}
// #endregion validate

/** `anyOf` repeats in general what its branches have said in particular; that null is allowed is one branch's fault. */
function isTold({ keyword, params }: ErrorObject): boolean {
  return keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null');
}

/** RFC 6901: a fault of a member that is missing or unknown points at that member. */
function toFault({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): Fault {
  const member: unknown = keyword === 'required' ? params.missingProperty : params.additionalProperty;
  const pointer = typeof member === 'string' ? `${instancePath}/${escapePointer(member)}` : instancePath;
  if (keyword === 'required') return { pointer, detail: 'is required' };
  if (keyword === 'additionalProperties') return { pointer, detail: 'is not a field that can be set' };
  if (keyword === 'enum') return { pointer, detail: `must be one of ${(params.allowedValues as string[]).join(', ')}` };
  if (keyword === 'pattern') return { pointer, detail: 'holds characters, or a form, that is not allowed here' };
  return { pointer, detail: message };
}

function escapePointer(member: string): string {
  return member.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
}
