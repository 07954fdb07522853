/** The kinds of problem that the API tells of, each with the one status that it has (RFC 9457 §3.1.1). */
const PROBLEMS = {
  malformed: [400, 'The request cannot be read'],
  unauthenticated: [401, 'A valid token is required'],
  forbidden: [403, 'Only the gateway may ask'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'name-taken': [409, 'The name is taken'],
  'quest-full': [409, 'The quest has no place left'],
  'id-taken': [409, 'The id was used for something else'],
  'too-large': [413, 'The body is too large'],
  validation: [422, 'The body is not valid'],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'The service is not available at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface Fault {
  /** A JSON Pointer into the body (RFC 6901). */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is not the one that was asked for. Thrown anywhere; turned into bytes at the edge alone. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly errors: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail for the person who sent the request: never text of a library. */
  constructor(kind: ProblemKind, detail: string, { errors, headers = {}, cause }: ProblemOptions = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.status = PROBLEMS[kind][0];
    this.errors = errors;
    this.headers = headers;
  }

  toDocument(): object {
    return {
      type: `https://tavern.example/problems/${this.kind}`,
      title: PROBLEMS[this.kind][1],
      status: this.status,
      detail: this.message,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

const RETRY_AFTER_SECONDS = '1';

/** The one answer for whatever is away, slow or lost. Whether the effect happened is not known. */
export function unavailable(cause?: unknown): Problem {
  return new Problem('unavailable', 'Try again in a moment.', {
    headers: { 'Retry-After': RETRY_AFTER_SECONDS }, // RFC 9110 §10.2.3
    cause,
  });
}
