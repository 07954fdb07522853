/** The present moment as a part of a file name: `2026-03-01T14-05-09Z`. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

/** The present day in UTC: `2026-03-01`. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
