/** What a badge says: `checkpoints` and `170 of 172 passed`. */
export interface Badge {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Whether all of it is so: a closed station, or an open one. */
  readonly whole: boolean;
}

/** Of 11 px text; `textLength` then fits each text to its place, whatever font a reader has. */
const CHAR_WIDTH = 6.4;
const PAD = 7;
const STATION = 18;

/** A badge as an SVG that is right on light and on dark ground: a station on the wire, and two texts. */
export function badgeSvg({ label, value, whole }: Badge): string {
  const labelWidth = Math.round(label.length * CHAR_WIDTH);
  const valueWidth = Math.round(value.length * CHAR_WIDTH);
  const valueX = STATION + PAD + labelWidth + PAD;
  const width = valueX + PAD + valueWidth + PAD;
  const title = `${label}: ${value}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${title}">
<style>.i{fill:#211c16;stroke:#211c16}.p{fill:#f7f2e8}.o{fill:#f7f2e8;stroke:#211c16}.v{fill:#e6dcc8}text{font:11px "Source Sans 3",Verdana,sans-serif;fill:#211c16}@media (prefers-color-scheme:dark){.i{fill:#e9e1d2;stroke:#e9e1d2}.p{fill:#0e141e}.o{fill:#0e141e;stroke:#e9e1d2}.v{fill:#263246}text{fill:#e9e1d2}}</style>
<title>${title}</title>
<path class="p" d="M0 0h${width}v20H0z"/><path class="v" d="M${valueX} 0H${width}v20H${valueX}z"/>
<path class="i" d="M0 10h${STATION}"/><path class="${whole ? 'i' : 'o'}" d="M5.5 6.5h7v7h-7z"/>
<text x="${STATION + PAD}" y="14" textLength="${labelWidth}">${label}</text><text x="${valueX + PAD}" y="14" textLength="${valueWidth}">${value}</text>
</svg>
`;
}
