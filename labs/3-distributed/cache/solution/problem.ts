/** The kinds of problem that the API tells of, each with the one status that it has. RFC 9457 §3.1.1: the type is its identity. */
const PROBLEMS = {
  malformed: [400, 'The request cannot be read'],
  'bad-query': [400, 'The query is not valid'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'quest-claimed': [409, 'The quest has been claimed'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body has another media type than expected'],
  validation: [422, 'The body is not valid'],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'The service is not available at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is not the one that was asked for. Thrown anywhere; turned into bytes at the edge alone. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail for the person who sent the request: never text of a library, which may tell of our insides. */
  constructor(kind: ProblemKind, detail: string, { headers = {}, cause }: ProblemOptions = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.status = PROBLEMS[kind][0];
    this.headers = headers;
  }

  /** The document of RFC 9457 §3. `instance` is the path that was asked for. */
  toDocument(instance: string): object {
    return {
      type: `https://tavern.example/problems/${this.kind}`,
      title: PROBLEMS[this.kind][1],
      status: this.status,
      detail: this.message,
      instance,
    };
  }
}

export function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('unavailable', detail, { headers: { 'Retry-After': '1' }, cause }); // RFC 9110 §10.2.3
}
