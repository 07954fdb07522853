import { type Fault, Problem } from './problem.ts';

export interface ListQuery {
  readonly sort: string;
  readonly guild: string | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

const NAMES = ['sort', 'guild', 'limit', 'cursor'];
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/**
 * Reads the query of a list.
 *
 * @param sorts the orders that the list has; the first is the default.
 * @throws Problem 400 with all faults: an unknown or repeated parameter, or a value that is not allowed.
 */
export function readListQuery(query: string, sorts: readonly string[]): ListQuery {
  const parameters = new URLSearchParams(query);
  const faults: Fault[] = [];
  for (const name of new Set(parameters.keys())) {
    if (!NAMES.includes(name)) faults.push({ parameter: name, detail: `is not one of ${NAMES.join(', ')}` });
    else if (parameters.getAll(name).length > 1) faults.push({ parameter: name, detail: 'is given twice' });
  }
  const guild = parameters.get('guild') ?? undefined;
  if (guild?.includes('\0')) faults.push({ parameter: 'guild', detail: 'must not hold NUL' });
  const sort = parameters.get('sort') ?? sorts[0] ?? '';
  if (!sorts.includes(sort)) faults.push({ parameter: 'sort', detail: `must be one of ${sorts.join(', ')}` });
  const text = parameters.get('limit') ?? String(DEFAULT_LIMIT);
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    faults.push({ parameter: 'limit', detail: `must be a whole number from 1 to ${MAX_LIMIT}` });
  }
  if (faults.length > 0) throw new Problem('bad-query', 'The query is not valid; see errors.', { errors: faults });
  return { sort, guild, limit, cursor: parameters.get('cursor') ?? undefined };
}
