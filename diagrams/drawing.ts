/**
 * From what Mermaid draws to what is committed: the rules that apply, colours by name, a label in words, the course's
 * own line. The first half runs in the browser, the second on text.
 */
import { type Ink, SENTINELS, STANDALONE } from './palette.ts';

/** What Mermaid's own style sheet gets on top: square corners, one weight of line, the classes that sources may use. */
export const LINE_CSS = `
  .node rect, .node polygon, .node circle, .node path, .basic { stroke-width: 1.25px; }
  .actor { stroke-width: 1.25px; }
  .messageLine0, .messageLine1, .flowchart-link, .transition { stroke-width: 1.25px; }
  .actor-line { stroke-width: 1px; }
  .note { stroke-width: 1px; stroke-dasharray: none; }
  .noteText { font-size: 13px; }
  #arrowhead path, marker[id$=arrowhead] path { fill: ${SENTINELS.ink}; }
  marker[id$=crosshead] path { stroke: ${SENTINELS.lost}; fill: none; stroke-width: 1.5px; }
  .cluster rect { stroke-width: 1px; }
  .edgeLabel rect, .edgeLabel .label rect { opacity: 1 !important; }
  rect { rx: 0; ry: 0; }
  .lost rect, .lost circle, .lost polygon, .lost path { stroke: ${SENTINELS.lost} !important; stroke-dasharray: 3 3; }
  .accent rect, .accent circle, .accent polygon, .accent path { stroke: ${SENTINELS.accent} !important; stroke-width: 2px; }
  .quiet rect, .quiet circle, .quiet polygon, .quiet path { stroke: ${SENTINELS.rule} !important; }
`;

/**
 * Runs in the page: makes corners square, puts a small square on every message of a sequence, drops the rules that
 * match nothing and everything that only scripts would need.
 *
 * @returns the drawing as text.
 */
export function redraw(options: {
  readonly ink: string;
  readonly paper: string;
  readonly lost: string;
  readonly title: string;
  readonly description: string;
}): string {
  const svg = document.querySelector('svg');
  if (svg === null) throw new Error('Mermaid drew no SVG');
  for (const element of svg.querySelectorAll('rect')) {
    element.removeAttribute('rx');
    element.removeAttribute('ry');
  }
  // Mermaid measures the labels of states before they have their font, and then sets them too far left.
  for (const label of svg.querySelectorAll<SVGGElement>('.statediagram-state > .label')) {
    const text = label.querySelector('text')?.getBBox();
    const y = /,\s*([-\d.]+)\)/.exec(label.getAttribute('transform') ?? '')?.[1] ?? '0';
    if (text) label.setAttribute('transform', `translate(${-(text.x + text.width / 2)}, ${y})`);
  }
  // Mermaid draws the end of a state diagram as circles of a hundred curves.
  for (const path of svg.querySelectorAll<SVGPathElement>('.node path')) {
    const box = path.getBBox();
    const isCircle = (path.getAttribute('d')?.match(/C/g)?.length ?? 0) > 30 && Math.abs(box.width - box.height) < 0.5;
    if (!isCircle) continue;
    const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
    for (const { name, value } of path.attributes) if (name !== 'd') circle.setAttribute(name, value);
    circle.setAttribute('r', String(box.width / 2));
    circle.setAttribute('cx', String(box.x + box.width / 2));
    circle.setAttribute('cy', String(box.y + box.height / 2));
    path.replaceWith(circle);
  }
  // Presentation attributes that the style sheet overrides anyway would only be colours to explain.
  const probe = document.createElement('i');
  document.body.append(probe);
  for (const element of svg.querySelectorAll('*')) {
    for (const name of ['fill', 'stroke'] as const) {
      probe.style.color = '';
      probe.style.color = element.getAttribute(name) ?? '';
      if (probe.style.color !== '' && getComputedStyle(element)[name] !== getComputedStyle(probe).color) {
        element.removeAttribute(name);
      }
    }
  }
  probe.remove();
  const squareSide = 7;
  for (const line of svg.querySelectorAll('line.messageLine0, line.messageLine1')) {
    const at = (name: string) => Number(line.getAttribute(name));
    const square = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    square.setAttribute('x', String((at('x1') + at('x2')) / 2 - squareSide / 2));
    square.setAttribute('y', String(at('y1') - squareSide / 2));
    square.setAttribute('width', String(squareSide));
    square.setAttribute('height', String(squareSide));
    square.setAttribute('fill', options.ink);
    // A message that ends in a cross is lost: its square is empty.
    const lost = line.getAttribute('marker-end')?.includes('crosshead');
    square.setAttribute('fill', lost ? options.paper : options.ink);
    if (lost) {
      square.setAttribute('stroke', options.lost);
      line.setAttribute('style', `stroke:${options.lost};fill:none`);
    }
    line.after(square);
  }
  for (const element of svg.querySelectorAll<SVGElement>('[style]')) {
    element.style.fontFamily = '';
    if (element.getAttribute('style') === '') element.removeAttribute('style');
  }
  for (const element of svg.querySelectorAll('title, desc')) element.remove();
  const used = new Set(
    [...svg.outerHTML.matchAll(/url\(["']?#([^"')]+)["']?\)|href="#([^"]+)"/g)].map((m) => m[1] ?? m[2]),
  );
  svg.querySelectorAll('marker, symbol, filter, linearGradient').forEach((element) => {
    if (!used.has(element.id)) element.remove();
  });
  svg.querySelectorAll('defs, g').forEach((element) => {
    if (element.childElementCount === 0) element.remove();
  });
  for (const style of svg.querySelectorAll('style')) {
    const rules = (style.textContent ?? '').replaceAll(
      /@(-webkit-)?keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g,
      '',
    );
    const kept = [...rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)].flatMap(([, selectors = '', body = '']) => {
      const matching = selectors.split(',').filter((selector) => {
        try {
          return document.querySelector(selector) !== null;
        } catch {
          return false;
        }
      });
      return matching.length === 0 || body.trim() === '' ? [] : [`${matching.join(',').trim()}{${body.trim()}}`];
    });
    style.textContent = kept.join('\n');
  }
  for (const name of ['aria-roledescription', 'aria-labelledby', 'aria-describedby', 'style', 'width', 'height']) {
    svg.removeAttribute(name);
  }
  // What only scripts would read, and digits that nobody sees.
  for (const element of svg.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      if (/^(data-|name$|alignment-baseline$)/.test(name)) element.removeAttribute(name);
      else if (/^(d|points|transform|[xy][12]?|c[xy]|r|width|height|viewBox)$/.test(name)) {
        element.setAttribute(
          name,
          value.replaceAll(/\d+\.\d{2,}/g, (digits) => String(Math.round(Number(digits) * 10) / 10)),
        );
      }
    }
  }
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${options.title}. ${options.description}`);
  svg.setAttribute('data-title', options.title);
  return new XMLSerializer().serializeToString(svg);
}

/** Colours that a drawing may keep: none of them is seen. */
const HARMLESS = /^(none|transparent|currentcolor)$/i;

/**
 * Puts names in the place of sentinels, and the width of the drawing on its root.
 *
 * @throws Error when a colour is left that would not follow the scheme of the page.
 */
export function nameColours(svg: string, file: string): string {
  let named = svg.replaceAll(
    /rgb\((\d+), ?(\d+), ?(\d+)\)/g,
    (_, r: string, g: string, b: string) =>
      `#${[r, g, b].map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`,
  );
  for (const ink of Object.keys(SENTINELS) as Ink[]) {
    named = named.replaceAll(new RegExp(SENTINELS[ink], 'gi'), `var(--dg-${ink})`);
  }
  // Entity diagrams have white written into their markers.
  named = named.replaceAll(/(fill|stroke)="white"/g, '$1="var(--dg-paper)"');
  named = withAttributesAsStyle(named);
  const strange = new Set<string>();
  for (const [, value = ''] of named.matchAll(
    /(?:fill|stroke|color|background-color|stop-color)\s*[:=]\s*["']?([^;"'}!]+)/g,
  )) {
    const colour = value.trim();
    if (!HARMLESS.test(colour) && !colour.startsWith('var(--dg-') && !colour.startsWith('url(')) strange.add(colour);
  }
  if (strange.size > 0) {
    throw new Error(
      `${file}: ${[...strange].join(', ')} would stay in both schemes. Draw with the classes lost, accent and quiet, or add the theme variable to palette.ts.`,
    );
  }
  const [, width = '0', height = '0'] = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/.exec(named) ?? [];
  const size = `width="${Math.ceil(Number(width))}" height="${Math.ceil(Number(height))}"`;
  return named.replace('<svg ', `<svg ${size} `).replace(/(<svg[^>]*>)/, `$1${standaloneStyle()}`);
}

/** `fill="var(--x)"` is no valid attribute, `style="fill:var(--x)"` is a valid style. */
function withAttributesAsStyle(svg: string): string {
  return svg.replaceAll(/<([a-z]+)([^>]*)>/gi, (tag: string, name: string, attributes: string) => {
    const styles: string[] = [];
    const rest = attributes.replaceAll(
      /\s(fill|stroke|color)="(var\(--dg-[a-z]+\))"/g,
      (_, property: string, value: string) => {
        styles.push(`${property}:${value}`);
        return '';
      },
    );
    if (styles.length === 0) return tag;
    const own = /\sstyle="([^"]*)"/.exec(rest)?.[1];
    const joined = [...styles, ...(own ? [own] : [])].join(';');
    const closing = rest.endsWith('/') ? '/' : '';
    return `<${name}${rest.replace(/\/$/, '').replace(/\sstyle="[^"]*"/, '')} style="${joined}"${closing}>`;
  });
}

/** The meaning of the names when the file is opened by itself. A page that shows the drawing leaves this out. */
function standaloneStyle(): string {
  const scheme = (index: 0 | 1) =>
    (Object.keys(STANDALONE) as Ink[]).map((ink) => `--dg-${ink}:${STANDALONE[ink][index]}`).join(';');
  return `<style data-standalone="">:root{${scheme(0)};background:var(--dg-paper)}@media (prefers-color-scheme:dark){:root{${scheme(1)}}}</style>`;
}
