/** The parameters of a simulation: what they may be, and how an address carries them. */

export interface NumberParameter {
  readonly kind: 'number';
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
}

export interface ChoiceParameter {
  readonly kind: 'choice';
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
}

export interface TextParameter {
  readonly kind: 'text';
  readonly label: string;
  readonly maxLength: number;
  readonly value: string;
}

export type Parameter = NumberParameter | ChoiceParameter | TextParameter;
export type Parameters = Readonly<Record<string, Parameter>>;
export type Settings = Readonly<Record<string, number | string>>;

export type SettingsOf<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends NumberParameter
    ? number
    : P[Name] extends ChoiceParameter
      ? P[Name]['options'][number]['value']
      : P[Name] extends TextParameter
        ? string
        : number | string;
};

/** The parameter that every simulation has. */
export function seedParameter(value: number): NumberParameter {
  return { kind: 'number', label: 'Seed', unit: '', min: 0, max: 999_999, step: 1, value };
}

export interface Start {
  readonly settings: Settings;
  readonly seed: number;
  /** A sentence for each value of the address that could not be used as it was. */
  readonly mends: readonly string[];
}

interface Owner {
  readonly name: string;
  readonly seed: number;
  readonly parameters: Parameters;
}

/** Reads `?loss.delay=50&loss.seed=7`. A value that cannot be used is mended, and a sentence says how. */
export function readAddress({ name, parameters, seed: ownSeed }: Owner, search: URLSearchParams): Start {
  const mends: string[] = [];
  const all: Parameters = { ...parameters, seed: seedParameter(ownSeed) };
  const settings = Object.fromEntries(
    Object.entries(all).map(([id, parameter]) => {
      const given = search.get(`${name}.${id}`);
      if (given === null) return [id, parameter.value];
      const { value, mend } = mended(parameter, given);
      if (mend !== undefined) mends.push(mend);
      return [id, value];
    }),
  );
  for (const key of new Set(search.keys())) {
    const id = key.slice(name.length + 1);
    if (key.startsWith(`${name}.`) && !Object.hasOwn(all, id))
      mends.push(`There is no parameter ‘${shortened(id)}’; it is left out.`);
  }
  const { seed, ...rest } = settings;
  return { settings: rest, seed: Number(seed), mends };
}

/** The address with every parameter and the seed in it; what belongs to others stays. */
export function writeAddress(
  owner: Omit<Owner, 'seed'>,
  { settings, seed }: Omit<Start, 'mends'>,
  search: URLSearchParams,
): string {
  const next = new URLSearchParams(search);
  for (const key of [...next.keys()]) if (key.startsWith(`${owner.name}.`)) next.delete(key);
  for (const id of Object.keys(owner.parameters)) next.set(`${owner.name}.${id}`, String(settings[id]));
  next.set(`${owner.name}.seed`, String(seed));
  return next.toString();
}

export function defaults(parameters: Parameters): Settings {
  return Object.fromEntries(Object.entries(parameters).map(([id, { value }]) => [id, value]));
}

/** A value with its unit, as people read it. */
export function shown(parameter: Parameter, value: number | string): string {
  if (parameter.kind === 'choice') return parameter.options.find((option) => option.value === value)?.label ?? '';
  if (parameter.kind === 'text') return String(value);
  const number = Number(value).toLocaleString('en-GB');
  return parameter.unit === '' ? number : `${number} ${parameter.unit}`;
}

export interface Mended {
  readonly value: number | string;
  readonly mend?: string;
}

/** The nearest value that the parameter may have, and a sentence if that is not what was given. */
export function mended(parameter: Parameter, given: string): Mended {
  const use = (value: number | string, why: string): Mended => ({
    value,
    mend: `${parameter.label}: ‘${shortened(given)}’ ${why}; ${shown(parameter, value)} is used.`,
  });
  if (parameter.kind === 'choice') {
    const known = parameter.options.some(({ value }) => value === given);
    return known ? { value: given } : use(parameter.value, 'is no choice here');
  }
  if (parameter.kind === 'text') {
    if (given.length <= parameter.maxLength && given.isWellFormed()) return { value: given };
    const cut = given.slice(0, parameter.maxLength).toWellFormed();
    return { value: cut, mend: `${parameter.label}: only the first ${parameter.maxLength} characters are used.` };
  }
  const { min, max, step, value } = parameter;
  const number = given.trim() === '' ? Number.NaN : Number(given);
  if (Number.isNaN(number)) return use(value, 'is no number');
  if (number < min) return use(min, `is below ${shown(parameter, min)}`);
  if (number > max) return use(max, `is above ${shown(parameter, max)}`);
  const nearest = Number((min + Math.round((number - min) / step) * step).toFixed(6));
  return nearest === number ? { value: number } : use(nearest, `lies between the steps of ${shown(parameter, step)}`);
}

const SHOWN_CHARACTERS = 24;

function shortened(text: string): string {
  const wellFormed = text.toWellFormed();
  return wellFormed.length > SHOWN_CHARACTERS ? `${wellFormed.slice(0, SHOWN_CHARACTERS)}…` : wellFormed;
}
