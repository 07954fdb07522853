/** Paints drawings into a page, frame after frame: touches nothing but what has changed. */
import { type Element as Drawn, elementOf, type GroupMark, type Mark } from './scene.ts';

const SVG = 'http://www.w3.org/2000/svg';

interface Painted {
  readonly node: SVGElement;
  /** Of a group: paints what is in it. */
  readonly inner?: ScenePainter;
  drawn: Drawn;
  frame: number;
}

export class ScenePainter {
  readonly #root: SVGElement;
  readonly #painted = new Map<string, Painted>();
  #frame = 0;

  constructor(root: SVGElement) {
    this.#root = root;
  }

  /** Marks are painted in their order: later ones cover earlier ones. */
  paint(marks: readonly Mark[]): void {
    this.#frame++;
    const drawn = marks.map((mark) => this.#update(mark));
    for (const [key, { node, frame }] of this.#painted) {
      if (frame === this.#frame) continue;
      node.remove();
      this.#painted.delete(key);
    }
    let before = this.#root.firstChild;
    for (const { node } of drawn) {
      if (node === before) before = before.nextSibling;
      else this.#root.insertBefore(node, before);
    }
  }

  #update(mark: Mark): Painted {
    const key = `${mark.kind} ${mark.key}`;
    const next = mark.kind === 'group' ? frameOf(mark) : elementOf(mark);
    let painted = this.#painted.get(key);
    if (painted === undefined) {
      const node = created(next);
      const inner = mark.kind === 'group' ? { inner: new ScenePainter(node) } : {};
      painted = { node, drawn: next, frame: this.#frame, ...inner };
      this.#painted.set(key, painted);
    } else {
      change(painted.node, painted.drawn, next);
      painted.drawn = next;
      painted.frame = this.#frame;
    }
    if (mark.kind === 'group') painted.inner?.paint(mark.marks);
    return painted;
  }
}

/** A group without what is in it. */
function frameOf(group: GroupMark): Drawn {
  return elementOf({ ...group, marks: [] });
}

function created({ tag, attributes, text, children = [] }: Drawn): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  node.append(...children.map(created));
  return node;
}

function change(node: Element, from: Drawn, to: Drawn): void {
  for (const name in to.attributes) {
    const value = to.attributes[name] ?? '';
    if (from.attributes[name] !== value) node.setAttribute(name, value);
  }
  for (const name in from.attributes) if (!(name in to.attributes)) node.removeAttribute(name);
  if (from.text !== to.text) node.textContent = to.text ?? '';
  to.children?.forEach((child, i) => {
    const inner = node.children[i];
    const known = from.children?.[i];
    if (inner !== undefined && known !== undefined) change(inner, known, child);
  });
}
