/**
 * The ink of the listings. Each colour below is a sentinel: it never reaches a page, it only tells the plugin which
 * class a token gets. `src/styles/code.css` says what the classes look like in the light and in the dark.
 */
const PLAIN = '#000001';

/** @type {Record<string, { className: string, scopes: string[] }>} */
const inks = {
  '#000002': { className: 'c', scopes: ['comment', 'punctuation.definition.comment', 'string.quoted.docstring'] },
  '#000003': {
    className: 's',
    scopes: ['string', 'constant.character', 'punctuation.definition.string', 'string.regexp', 'markup.inline.raw'],
  },
  '#000004': {
    className: 'k',
    scopes: [
      'keyword.control',
      'keyword.other',
      'keyword.operator.new',
      'keyword.operator.expression',
      'keyword.operator.logical.python',
      'storage.type',
      'storage.modifier',
      'entity.name.tag',
    ],
  },
  '#000005': { className: 'n', scopes: ['constant.numeric', 'constant.language', 'variable.language'] },
};

/** @type {import('astro-expressive-code').ThemeObjectOrShikiThemeName} */
export const codeInk = {
  name: 'code-ink',
  type: 'light',
  colors: { 'editor.background': '#ffffff', 'editor.foreground': PLAIN },
  settings: [
    { settings: { foreground: PLAIN } },
    ...Object.entries(inks).map(([foreground, { scopes }]) => ({ scope: scopes, settings: { foreground } })),
    { scope: ['meta.template.expression', 'meta.interpolation', 'keyword.operator'], settings: { foreground: PLAIN } },
  ],
};

/** Replaces the inline colour of every token by a class, and every line's boxes by a line break. */
export function tokenClasses() {
  return {
    name: 'token-classes',
    hooks: {
      // Expressive Code links its own style sheet and script from the first block of a page. The site's style sheet
      // draws the listings, so no block is the first.
      preprocessMetadata: ({ codeBlock }) => {
        const position = codeBlock.parentDocument?.positionInDocument;
        if (position) position.groupIndex = -1;
      },
      postprocessRenderedBlockGroup: ({ renderData }) => {
        renderData.groupAst.properties = { className: ['code'] };
      },
      postprocessRenderedBlock: ({ codeBlock, renderData }) => {
        const pre = find(renderData.blockAst, 'pre');
        const code = pre && find(pre, 'code');
        if (!pre || !code) throw new Error('Expressive Code changed its markup: no pre > code in a rendered block');
        let lines = code.children.map((line) => tokens(line));
        // The class around a method was only there for the grammar; see components/Listing.astro.
        if (codeBlock.code.startsWith('class CONTEXT_OF_A_METHOD {')) lines = lines.slice(1, -1);
        code.children = lines.flatMap((line, i) => (i === 0 ? line : [text('\n'), ...line]));
        code.properties = {};
        pre.properties = { dataLanguage: codeBlock.language, tabIndex: 0 };
        renderData.blockAst = pre;
      },
    },
  };
}

function tokens(node) {
  if (node.type === 'text') return [text(node.value.replace(/\n$/, ''))];
  if (node.type !== 'element') return [];
  const ink = /--0:(#[0-9a-f]{6})/i.exec(String(node.properties?.style ?? ''))?.[1]?.toLowerCase();
  const inner = node.children.flatMap((child) => tokens(child));
  const className = ink === undefined ? undefined : inks[ink]?.className;
  if (className === undefined) return inner;
  return [{ type: 'element', tagName: 'span', properties: { className: [className] }, children: inner }];
}

function text(value) {
  return { type: 'text', value };
}

function find(node, tagName) {
  if (node.type === 'element' && node.tagName === tagName) return node;
  for (const child of node.children ?? []) {
    const found = find(child, tagName);
    if (found) return found;
  }
  return undefined;
}
