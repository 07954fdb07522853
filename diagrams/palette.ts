/**
 * The colours of the diagrams. While Mermaid draws, every colour is a sentinel: a value that nothing else uses. After
 * that each sentinel becomes a name that the page defines in both schemes, so one file serves the light and the dark.
 */
export type Ink = 'ink' | 'soft' | 'rule' | 'paper' | 'sheet' | 'accent' | 'lost';

export const SENTINELS: Readonly<Record<Ink, string>> = {
  ink: '#a1b201',
  soft: '#a1b202',
  rule: '#a1b203',
  paper: '#a1b204',
  sheet: '#a1b205',
  accent: '#a1b206',
  lost: '#a1b207',
};

/** What the names mean when the file is opened by itself, outside the site: light, then dark. */
export const STANDALONE: Readonly<Record<Ink, readonly [light: string, dark: string]>> = {
  ink: ['#211c16', '#e9e1d2'],
  soft: ['#62594b', '#a9a193'],
  rule: ['#cbbfa8', '#35425a'],
  paper: ['#f7f2e8', '#0e141e'],
  sheet: ['#efe8d9', '#151d2a'],
  accent: ['#1b479b', '#93b8ff'],
  lost: ['#a3252b', '#ff9b91'],
};

/** Mermaid's theme variables by the ink that draws them. What is missing here would keep a colour of Mermaid's own. */
const VARIABLES: Readonly<Record<Ink, readonly string[]>> = {
  ink: [
    'primaryTextColor',
    'primaryBorderColor',
    'secondaryTextColor',
    'secondaryBorderColor',
    'tertiaryTextColor',
    'tertiaryBorderColor',
    'lineColor',
    'textColor',
    'nodeBorder',
    'nodeTextColor',
    'titleColor',
    'defaultLinkColor',
    'arrowheadColor',
    'actorBorder',
    'actorTextColor',
    'signalColor',
    'signalTextColor',
    'labelTextColor',
    'loopTextColor',
    'labelColor',
    'stateLabelColor',
    'transitionColor',
    'transitionLabelColor',
    'specialStateColor',
    'classText',
    'activationBorderColor',
    'border1',
    'compositeBorder',
    'innerEndBackground',
  ],
  soft: ['noteTextColor', 'sequenceNumberColor'],
  rule: ['noteBorderColor', 'clusterBorder', 'labelBoxBorderColor', 'actorLineColor', 'border2', 'gridColor'],
  paper: [
    'background',
    'primaryColor',
    'mainBkg',
    'actorBkg',
    'edgeLabelBackground',
    'labelBackground',
    'labelBackgroundColor',
    'stateBkg',
    'compositeTitleBackground',
    'noteBkgColor',
    'attributeBackgroundColorOdd',
    'attributeBackgroundColorEven',
    'rowEven',
  ],
  sheet: [
    'secondaryColor',
    'tertiaryColor',
    'clusterBkg',
    'labelBoxBkgColor',
    'altBackground',
    'compositeBackground',
    'activationBkgColor',
    'secondBkg',
    'rowOdd',
  ],
  accent: [],
  lost: ['errorBkgColor', 'errorTextColor'],
};

/** Theme variables for Mermaid with every colour a sentinel. */
export function sentinelTheme(): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(VARIABLES) as Ink[]).flatMap((ink) => VARIABLES[ink].map((name) => [name, SENTINELS[ink]])),
  );
}
