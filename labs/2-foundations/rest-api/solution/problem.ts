/** The kinds of problem that the API tells of, each with the one status that it has. RFC 9457 §3.1.1: the type is its identity. */
export const PROBLEMS = {
  malformed: [400, 'The request cannot be read'],
  'bad-query': [400, 'The query is not valid'],
  'bad-cursor': [400, 'The cursor is not one of ours'],
  'bad-header': [400, 'A header is not valid'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'quest-full': [409, 'The quest has no place left'],
  'character-busy': [409, 'The character is on too many quests'],
  'places-taken': [409, 'More characters are in the party than there would be places'],
  'precondition-failed': [412, 'The resource has changed'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body has another media type than expected'],
  validation: [422, 'The body is not valid'],
  'key-reused': [422, 'The key was used for another request'],
  'precondition-required': [428, 'If-Match is required'],
  'headers-too-large': [431, 'The header section is too large'],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'The service is not available at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemKind = keyof typeof PROBLEMS;

/** One fault of a request: where, as a JSON Pointer into the body (RFC 6901) or a query parameter, and what. */
export interface Fault {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly Fault[];
  /** Response headers that belong to the problem, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

// #region problem
/** An answer that is not the one that was asked for. Thrown anywhere; turned into bytes at the edge alone. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly errors: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail for the person who sent the request: never text of a library, which may tell of our insides. */
  constructor(kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.kind = kind;
    this.status = PROBLEMS[kind][0];
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  /** The document of RFC 9457 §3. `instance` is the path that was asked for. */
  toDocument(instance?: string): object {
    return {
      type: `https://tavern.example/problems/${this.kind}`,
      title: PROBLEMS[this.kind][1],
      status: this.status,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}
// #endregion problem

export const notFound = (detail = 'No such resource.') => new Problem('not-found', detail);

/** After how many seconds it is worth to ask again. */
const RETRY_AFTER_SECONDS = 1;

export function unavailable(cause: unknown): Problem {
  return new Problem('unavailable', 'The database does not answer. Try again later.', {
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) }, // RFC 9110 §10.2.3
    cause,
  });
}
