import { readFileSync } from 'node:fs';
import satori from 'satori';
import sharp from 'sharp';
import { course } from '../../../labs/course.ts';
import type { Card } from './cards.ts';
import { onDisk } from './repository.ts';

const WIDTH = 1200;
const HEIGHT = 630;
const PAPER = '#f7f2e8';
const INK = '#211c16';
const SOFT = '#62594b';
const STATION = 36;
const MARGIN = 72;

const font = (name: string) => readFileSync(onDisk(`site/src/fonts/${name}.woff2`));
const FONTS = [
  { name: 'Display', data: font('display') },
  { name: 'Sans', data: font('sans') },
];

interface Box {
  readonly type: 'div';
  readonly props: { readonly style: Readonly<Record<string, string | number>>; readonly children?: string | Box[] };
}

const box = (style: Box['props']['style'], children?: string | Box[]): Box => ({
  type: 'div',
  props: { style: { display: 'flex', ...style }, ...(children !== undefined && { children }) },
});

/** Draws a card of 1200 × 630 px: the wire with the phase's station closed, the title, and what is proved. */
export async function cardPng({ title, label, proof, phase }: Card): Promise<Buffer> {
  const stations = course.phases.map(({ number, status }) => {
    const closed = number === phase;
    const style = {
      position: 'relative',
      width: STATION,
      height: STATION,
      alignItems: 'center',
      justifyContent: 'center',
      border: `2px ${status === 'planned' ? 'dashed' : 'solid'} ${INK}`,
      background: closed ? INK : PAPER,
      color: closed ? PAPER : status === 'planned' ? SOFT : INK,
      fontSize: 20,
    };
    return box(style, String(number));
  });
  const tree = box(
    {
      width: WIDTH,
      height: HEIGHT,
      flexDirection: 'column',
      justifyContent: 'space-between',
      padding: MARGIN,
      boxSizing: 'border-box',
      background: PAPER,
      color: INK,
      fontFamily: 'Sans, Display',
    },
    [
      box({ position: 'relative', width: WIDTH - 2 * MARGIN, justifyContent: 'space-between' }, [
        box({ position: 'absolute', left: -MARGIN, top: STATION / 2 - 1, width: WIDTH, height: 2, background: INK }),
        ...stations,
      ]),
      box({ flexDirection: 'column' }, [
        box({ fontSize: 28, color: SOFT, marginBottom: 12 }, label),
        box({ fontFamily: 'Display, Sans', fontSize: title.length > 30 ? 76 : 100, lineHeight: 1.05 }, title),
      ]),
      box({ flexDirection: 'column', fontSize: 28, lineHeight: 1.35 }, [
        ...(proof === undefined ? [] : [box({ color: INK }, proof)]),
        ...(title === course.title ? [] : [box({ color: SOFT }, course.title)]),
      ]),
    ],
  );
  // Satori's types are React's; it reads no more of an element than `Box` has.
  const svg = await satori(tree as unknown as Parameters<typeof satori>[0], {
    width: WIDTH,
    height: HEIGHT,
    fonts: FONTS,
  });
  // Few flat colours: a palette makes the file a third as large.
  return sharp(Buffer.from(svg)).png({ palette: true, compressionLevel: 9 }).toBuffer();
}
