/** Of HTML: a longer brief would leave no room for the stations on its lab's page. */
const MAX_CHARS = 19_500;

/** Whether a brief stands on a page of its own. */
export function hasOwnPage(briefHtml: string): boolean {
  return briefHtml.length > MAX_CHARS;
}
