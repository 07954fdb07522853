/**
 * The pages that are more in a clone than they are when published: a lab's page gets the panel 'On this machine', the
 * map and the landing page get the clone's progress. It is put into the built pages as they are served, so that the
 * build itself contains none of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtLabs, type Course, type PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { ClientFile } from './client-files.ts';
import type { Standing } from './events.ts';
import { renderPanel } from './panel.ts';

export interface PagesOptions {
  readonly course: Course;
  /** Absolute path of the built pages. */
  readonly folder: string;
  /** Where the workbook's own things are, with a slash at both ends. */
  readonly place: string;
  readonly token: string;
  readonly standingOf: (placed: PlacedBuiltLab) => Standing;
}

/** The heading under which a lab's page says how to run it. */
const RUN_HEADING = /<h2 id="run"[^>]*>.*?<\/h2>/s;

export class Pages {
  readonly #options: PagesOptions;
  /** Paths below the site's folder, and the lab that each belongs to. */
  readonly #lab: ReadonlyMap<string, PlacedBuiltLab>;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.#lab = new Map(builtLabs(options.course).map((placed) => [`labs/${placed.lab.slug}/`, placed]));
  }

  /**
   * The text of a page that the workbook adds to; undefined for all others.
   *
   * @param path below the site's folder: `labs/tcp-echo/`.
   * @param mayCarryToken false: the page says why it has no buttons.
   */
  read(path: string, mayCarryToken: boolean): string | undefined {
    const placed = this.#lab.get(path);
    if (placed) return this.#labPage(placed, mayCarryToken);
    if (path === '') return this.#mapPage('index.html', mayCarryToken);
    if (path === 'course/') return this.#mapPage('course/index.html', mayCarryToken);
    return undefined;
  }

  #labPage(placed: PlacedBuiltLab, mayCarryToken: boolean): string {
    const html = this.#html(`labs/${placed.lab.slug}/index.html`);
    const panel = renderPanel(placed, this.#options.standingOf(placed), mayCarryToken);
    const files: ClientFile[] = ['styles/result-list.css', 'styles/workbook.css'];
    const withPanel = html.replace(RUN_HEADING, (heading) => `${heading}${panel}`);
    return this.#withHead(withPanel, mayCarryToken ? [...files, 'scripts/workbook/panel.ts'] : files, mayCarryToken);
  }

  #mapPage(file: string, mayCarryToken: boolean): string {
    const html = this.#html(file);
    return mayCarryToken ? this.#withHead(html, ['styles/workbook.css', 'scripts/workbook/standings.ts'], true) : html;
  }

  #html(file: string): string {
    return readFileSync(join(this.#options.folder, file), 'utf8');
  }

  #withHead(html: string, files: readonly ClientFile[], mayCarryToken: boolean): string {
    const { place, token } = this.#options;
    const tags = files.map((file) =>
      file.endsWith('.css')
        ? `<link rel="stylesheet" href="${place}client/${file}">`
        : `<script type="module" src="${place}client/${file}"></script>`,
    );
    // Base64url: nothing in it means anything in HTML.
    if (mayCarryToken) tags.unshift(`<meta name="workbook-token" content="${token}" data-place="${place}">`);
    return html.replace('</head>', () => `${tags.join('')}</head>`);
  }
}
