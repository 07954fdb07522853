/**
 * Who may speak to the workbook. It runs code, so a page of another origin must be able neither to start anything here,
 * nor to read what this server says, nor to learn the token.
 *
 * - The server listens on 127.0.0.1 alone; the `Host` must name it. A name that an attacker lets point here (DNS
 *   rebinding) is another host.
 * - The token of this start stands only in pages that a browser was told to open as a document, from here or by hand.
 *   No page can read a document of another origin, and none may frame ours.
 * - Every call brings the token in a header of its own, which a foreign page cannot send without asking first (CORS,
 *   Fetch §4.8), and nothing here ever answers yes; `Origin` and `Sec-Fetch-Site` have to say that it comes from here.
 *
 * It does not shut out other accounts of this machine: whoever can open the port can open the page.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/** The header that carries the token. */
export const TOKEN_HEADER = 'x-workbook-token';

/** Why a request was turned away. */
export interface Rejection {
  readonly status: number;
  readonly error: string;
}

export class Guard {
  /** New with every start. */
  readonly token = randomBytes(32).toString('base64url');
  readonly #hosts: readonly string[];

  /** @param port the one that the server listens on. */
  constructor(port: number) {
    this.#hosts = ['127.0.0.1', 'localhost'].map((name) => (port === 80 ? name : `${name}:${port}`));
  }

  /** Turns away what is meant for another host. Holds for every request. */
  checkHost({ host = '' }: IncomingHttpHeaders): Rejection | undefined {
    if (this.#hosts.includes(host)) return undefined;
    return { status: 421, error: `This server answers to ${this.#hosts.join(' and ')} only.` };
  }

  /** Turns away what does not come from a page of ours. */
  checkSite({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): Rejection | undefined {
    const isOwn =
      (origin !== undefined || site !== undefined) &&
      (origin === undefined || origin === `http://${host}`) &&
      (site === undefined || site === 'same-origin');
    return isOwn ? undefined : { status: 403, error: 'Only pages of this server may ask for that.' };
  }

  checkToken(headers: IncomingHttpHeaders): Rejection | undefined {
    const given = headers[TOKEN_HEADER];
    // Of equal length whatever was sent, as the comparison in constant time needs it.
    const digest = (text: string) => createHash('sha256').update(text).digest();
    if (typeof given === 'string' && timingSafeEqual(digest(given), digest(this.token))) return undefined;
    return {
      status: 403,
      error: 'This page is from an earlier start of the server, or not from it at all. Reload it.',
    };
  }

  /**
   * Whether a page may carry the token: a document that a person opened, or came to from a page of ours. Anything that
   * a script of another site could get hold of is something else. Browsers since 2023 say so in every request (Fetch
   * Metadata); to others the token is not given.
   */
  mayCarryToken(headers: IncomingHttpHeaders): boolean {
    const site = headers['sec-fetch-site'];
    return (
      headers['sec-fetch-mode'] === 'navigate' &&
      headers['sec-fetch-dest'] === 'document' &&
      (site === 'same-origin' || site === 'none')
    );
  }
}

/** What every answer says of itself, pages and files included. */
export function setProtectiveHeaders(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', "frame-ancestors 'none'");
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'same-origin');
}
