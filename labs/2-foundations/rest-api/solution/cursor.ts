import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.ts';

/** The last row of a page: its value in the order of the list, and its id where values are equal. */
export interface Position {
  readonly value: string | number;
  readonly id: string;
}

/** What a cursor belongs to; another list does not take it. */
export interface ListIdentity {
  readonly path: string;
  readonly sort: string;
  readonly guild: string | undefined;
}

/** No position is longer: a name of 120 characters in JSON and base64. */
const MAX_CURSOR_CHARACTERS = 4_096;

/** Makes cursors that only it can have made: a position and a MAC over it and over the list. */
export class CursorCodec {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  encode(list: ListIdentity, { value, id }: Position): string {
    const position = Buffer.from(JSON.stringify([value, id])).toString('base64url');
    return `${position}.${this.#mac(list, position)}`;
  }

  // #region decode-cursor
  /** @throws Problem 400 unless it is, letter by letter, a cursor that was given out for this list. */
  decode(list: ListIdentity, cursor: string): Position {
    const [position = '', mac = '', ...rest] = cursor.length <= MAX_CURSOR_CHARACTERS ? cursor.split('.') : [];
    // The MAC is over the text of the position, and compared as text: a lenient base64 decoder takes several for one.
    const expected = Buffer.from(this.#mac(list, position));
    const given = Buffer.from(mac);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Problem('bad-cursor', 'The cursor was not given out for this list.', {
        errors: [{ parameter: 'cursor', detail: 'must be a nextCursor of the same list, unchanged' }],
      });
    }
    const [value, id] = JSON.parse(Buffer.from(position, 'base64url').toString()) as [string | number, string];
    return { value, id };
  }
  // #endregion decode-cursor

  #mac({ path, sort, guild }: ListIdentity, position: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([path, sort, guild ?? null, position]))
      .digest('base64url');
  }
}
