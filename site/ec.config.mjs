/**
 * Expressive Code, made lean: one theme whose colours are names, tokens as short classes, no frame and no script.
 * The site draws the frame of a listing itself, and both colour schemes come from the style sheet.
 */
import { codeInk, tokenClasses } from './code-ink.mjs';

export default {
  themes: [codeInk],
  frames: false,
  textMarkers: false,
  useDarkModeMediaQuery: false,
  useStyleReset: false,
  minSyntaxHighlightingColorContrast: 0,
  plugins: [tokenClasses()],
};
