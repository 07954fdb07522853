/** A whole number that the page's address gives, as in `?seed=7`; undefined when it gives none in the range. */
export function chosenNumber(name: string, min: number, max: number): number | undefined {
  const text = new URLSearchParams(location.search).get(name);
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}
