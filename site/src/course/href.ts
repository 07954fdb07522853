/** The address of a page of this site under the folder that it is published in: `/labs/x/` becomes `/course/labs/x/`. */
export function href(path: string): string {
  return `${import.meta.env.BASE_URL.replace(/\/$/, '')}${path}`;
}

/**
 * Makes a rendered brief fit for its page: anchors that no checkpoint's id can take, the site's folder before every
 * root-relative link, and every table in a box that scrolls sideways by itself.
 */
export function settleHtml(html: string): string {
  return html
    .replaceAll(/(<h[1-6] id|\shref)="(#?)([a-z0-9-]+)"/g, (all, name: string, hash: string, id: string) =>
      name.startsWith('<h') === (hash === '') ? `${name}="${hash}contract-${id}"` : all,
    )
    .replaceAll('<table>', '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll(/(\shref=")(\/(?!\/)[^"]*)"/g, (_, before: string, path: string) => `${before}${href(path)}"`);
}
