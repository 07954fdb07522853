/** What a stage of `npm test` found, in numbers that can be added up. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Could not be checked on this machine: never counted as passed. */
  readonly skipped: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The closing line that people and scripts read. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}

/**
 * Reads the report of Vitest's JSON reporter.
 *
 * @throws TypeError when it holds no counts: a run that says nothing has not passed.
 */
export function tallyOfVitest(json: string): Tally {
  const report = JSON.parse(json) as Record<string, unknown>;
  const count = (name: string): number => {
    const value = report[name];
    if (typeof value !== 'number') throw new TypeError(`the report of Vitest has no number ${name}`);
    return value;
  };
  const suitesThatBroke = count('numFailedTestSuites') > 0 && count('numFailedTests') === 0 ? 1 : 0;
  return {
    passed: count('numPassedTests'),
    failed: count('numFailedTests') + suitesThatBroke,
    skipped: count('numPendingTests') + count('numTodoTests'),
  };
}
