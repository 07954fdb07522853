const WORDS_PER_MINUTE = 220;

/** How long a Markdown or MDX text takes to read, code and tags left out: `14 minutes to read`. */
export function readingTime(source: string): string {
  const prose = source
    .replaceAll(/\{\/\*[\s\S]*?\*\/\}/g, ' ')
    .replaceAll(/```[\s\S]*?```/g, ' ')
    .replaceAll(/<[^>]+>/g, ' ');
  const words = prose.split(/\s+/).filter((word) => /[a-z0-9]/i.test(word)).length;
  const minutes = Math.max(1, Math.round(words / WORDS_PER_MINUTE));
  return minutes === 1 ? 'a minute to read' : `${minutes} minutes to read`;
}
