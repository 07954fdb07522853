import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameColours } from './drawing.ts';
import { SENTINELS } from './palette.ts';
import { checkDiagrams, labelOf, pipelineHash, stampOf } from './stamp.ts';

const SOURCE = `flowchart LR
  accTitle: A frame
  accDescr: A length, then as many bytes.
  a[length] --> b[bytes]
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'diagrams-'));
  mkdirSync(join(folder, '1-networking'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(file: string, text: string): void {
  writeFileSync(join(folder, '1-networking', file), text);
}
function drawn(source: string): string {
  return `${stampOf(source, pipelineHash())}\n<svg/>\n`;
}

describe('the check without a browser', () => {
  it('finds nothing wrong with a diagram that was drawn from its source', () => {
    put('frame.mmd', SOURCE);
    put('frame.svg', drawn(SOURCE));
    expect(checkDiagrams(folder)).toEqual([]);
  });

  it('names a source that was never drawn', () => {
    put('frame.mmd', SOURCE);
    expect(checkDiagrams(folder)).toEqual([
      { file: '1-networking/frame.mmd', what: 'has not been drawn', mend: 'run npm run diagrams' },
    ]);
  });

  it('names a source that changed by one letter since it was drawn', () => {
    put('frame.mmd', SOURCE.replace('bytes]', 'Bytes]'));
    put('frame.svg', drawn(SOURCE));
    expect(checkDiagrams(folder).map(({ file, what }) => `${file} ${what}`)).toEqual([
      '1-networking/frame.mmd has changed since it was drawn',
    ]);
  });

  it('names a drawing that another pipeline made', () => {
    put('frame.mmd', SOURCE);
    put('frame.svg', `${stampOf(SOURCE, 'another')}\n<svg/>\n`);
    expect(checkDiagrams(folder).map(({ what }) => what)).toEqual(['has changed since it was drawn']);
  });

  it('names a drawing without a source', () => {
    put('gone.svg', drawn(SOURCE));
    expect(checkDiagrams(folder).map(({ file, what }) => `${file} ${what}`)).toEqual([
      '1-networking/gone.svg has no source beside it',
    ]);
  });

  it('asks for the words that stand in for the figure', () => {
    const silent = SOURCE.replace(/ {2}acc.*\n/g, '');
    put('frame.mmd', silent);
    put('frame.svg', drawn(silent));
    expect(checkDiagrams(folder).map(({ what }) => what)).toEqual(['has no accTitle', 'has no accDescr']);
  });

  it('ends within 100 ms on the diagrams of the course', () => {
    const started = performance.now();
    checkDiagrams();
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe('the words of a diagram', () => {
  it('are read from one line or from a block', () => {
    expect(labelOf('accTitle: A\naccDescr {\n two\n lines\n}')).toEqual({ title: 'A', description: 'two lines' });
  });
});

describe('the colours', () => {
  const svg = (inner: string) => `<svg viewBox="0 0 10 20">${inner}</svg>`;

  it('become names, from hexadecimal and from rgb()', () => {
    const named = nameColours(
      svg(`<style>.a{fill:${SENTINELS.ink}}</style><rect stroke="rgb(161, 178, 6)"/>`),
      'a.mmd',
    );
    expect(named).toContain('.a{fill:var(--dg-ink)}');
    expect(named).toContain('stroke:var(--dg-accent)');
    expect(named).toContain('width="10" height="20"');
  });

  it('that belong to no scheme stop the drawing', () => {
    expect(() => nameColours(svg('<rect fill="#ff00ff"/>'), 'a.mmd')).toThrow(
      /a\.mmd: #ff00ff would stay in both schemes/,
    );
  });

  it('of the committed drawings all follow the page', () => {
    for (const name of ['half-close', 'udp-loss']) {
      const text = readFileSync(fileURLToPath(new URL(`1-networking/${name}.svg`, import.meta.url)), 'utf8');
      const inPage = text.replace(/<style data-standalone[\s\S]*?<\/style>/, '');
      expect(inPage.match(/#[0-9a-f]{6}\b|rgb\(/gi), name).toBeNull();
      expect(inPage).toContain('var(--dg-ink)');
    }
  });
});
