/**
 * Class 08, 53 and 57 of PostgreSQL's codes: the connection is lost, or the server is full or going down. What the
 * driver notices by itself has no code.
 */
export function isDatabaseGone({ code = '', message }: Error & { readonly code?: string }): boolean {
  return (
    /^(08|53|57)[0-9A-Z]{3}$|^ECONN|^EPIPE$|^ETIMEDOUT$/.test(code) ||
    /^(Connection terminated|timeout exceeded)|is not queryable$/.test(message)
  );
}
