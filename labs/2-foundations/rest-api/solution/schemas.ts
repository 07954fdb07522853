/**
 * The shapes of the API, as JSON Schema (2020-12, which is what OpenAPI 3.1 uses). The document that is served and the
 * validators that judge requests are made of the same objects, so that they cannot say different things.
 */

export type Schema = Readonly<Record<string, unknown>>;

/** The largest whole number up to which every one is itself in a double (RFC 8259 §6). */
const MAX_SAFE = 9_007_199_254_740_991;

// #region text
/** Text that PostgreSQL and UTF-8 can hold: no NUL, no half of a surrogate pair. Lengths count code points. */
const text = (minLength: number, maxLength: number): Schema => ({
  type: 'string',
  minLength,
  maxLength,
  pattern: minLength === 0 ? '^[^\\u0000\\uD800-\\uDFFF]*$' : '^(?=[\\s\\S]*\\S)[^\\u0000\\uD800-\\uDFFF]*$',
});
// #endregion text
const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });

const date: Schema = { type: ['string', 'null'], format: 'date', pattern: '^(?!0000)' };
const instant: Schema = {
  type: ['string', 'null'],
  format: 'date-time',
  // Milliseconds at the most, and no leap second: what comes back is exactly what was meant.
  pattern: '^2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(\\.\\d{1,3})?(Z|[+-]\\d\\d:\\d\\d)$',
};
const id: Schema = { type: 'string', format: 'uuid' };
const timestamp: Schema = { type: 'string', format: 'date-time' };

type Properties = Readonly<Record<string, Schema>>;

const object = (properties: Properties, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false, // what we do not know is refused, not ignored: nobody sets a field by luck
});

const characterRequired: Properties = {
  name: text(1, 80),
  class: { enum: ['bard', 'cleric', 'fighter', 'ranger', 'rogue', 'wizard'] },
  guild: text(1, 40),
  level: whole(1, 20),
};
const characterOptional: Properties = {
  gold: { ...whole(0, MAX_SAFE), default: 0 },
  bio: { ...text(0, 2_000), default: '' },
  bornOn: { ...date, default: null },
};
const questRequired: Properties = { title: text(1, 120), guild: text(1, 40), places: whole(1, 20) };
const questOptional: Properties = {
  description: { ...text(0, 2_000), default: '' },
  reward: { ...whole(0, MAX_SAFE), default: 0 },
  startsAt: { ...instant, default: null },
};
const managed: Properties = { createdAt: timestamp, updatedAt: timestamp };

// #region merge-patch-schema
/** A merge patch (RFC 7396): any of the fields, and null to take an optional one back to its default. */
function patchOf(required: Properties, optional: Properties): Schema {
  const nullable = Object.entries(optional).map(([name, { default: _, ...schema }]) => [
    name,
    { anyOf: [schema, { type: 'null' }] },
  ]);
  return object({ ...required, ...Object.fromEntries(nullable) }, []);
}
// #endregion merge-patch-schema

const list = (name: string): Schema =>
  object({
    items: { type: 'array', items: { $ref: `#/components/schemas/${name}` }, maxItems: 100 },
    nextCursor: { type: ['string', 'null'] },
  });

export const schemas = {
  Character: object({ id, ...characterRequired, ...characterOptional, ...managed }),
  CharacterInput: object({ ...characterRequired, ...characterOptional }, Object.keys(characterRequired)),
  CharacterPatch: patchOf(characterRequired, characterOptional),
  CharacterList: list('Character'),
  // As it is given back: in UTC, which for the first hours of 2000 may be the year before.
  Quest: object({
    id,
    ...questRequired,
    ...questOptional,
    startsAt: { type: ['string', 'null'], format: 'date-time' },
    ...managed,
  }),
  QuestInput: object({ ...questRequired, ...questOptional }, Object.keys(questRequired)),
  QuestPatch: patchOf(questRequired, questOptional),
  QuestList: list('Quest'),
  Membership: object({ questId: id, characterId: id, joinedAt: timestamp }),
  Party: object({ items: { type: 'array', items: { $ref: '#/components/schemas/Membership' }, maxItems: 20 } }),
  Problem: {
    type: 'object',
    properties: {
      type: { type: 'string', format: 'uri' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string' },
      errors: {
        type: 'array',
        items: object({ pointer: { type: 'string' }, parameter: { type: 'string' }, detail: { type: 'string' } }, [
          'detail',
        ]),
      },
    },
    required: ['type', 'title', 'status', 'detail'],
  },
} as const satisfies Record<string, Schema>;

export type SchemaName = keyof typeof schemas;

/** Fills in the defaults of what a body leaves out. */
export function withDefaults(name: SchemaName, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = (schemas[name] as Schema).properties as Properties;
  return Object.fromEntries(
    Object.entries(properties).map(([field, schema]) => [
      field,
      Object.hasOwn(body, field) ? body[field] : schema.default,
    ]),
  );
}
