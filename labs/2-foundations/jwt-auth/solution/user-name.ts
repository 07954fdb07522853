const MIN_LENGTH = 3;
const MAX_LENGTH = 32;

// #region user-name
/**
 * The one spelling of a user name under which it is stored and looked up.
 *
 * NFKC first, so that `ﬁnn`, full-width letters and the two ways to write `é` become one; then lower case. Lower case
 * can undo the normalization, so it is applied again.
 *
 * @returns undefined when it is no user name: other characters than letters, digits, `_`, `.` and `-`, or not 3 to 32.
 *
 * Simplified: names that only look alike (Latin and Cyrillic a) are different. In production: Unicode TS 39.
 */
export function canonicalUserName(text: string): string | undefined {
  const name = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  const length = [...name].length;
  return length >= MIN_LENGTH && length <= MAX_LENGTH && /^[\p{L}\p{N}_.-]+$/u.test(name) ? name : undefined;
}
// #endregion user-name
