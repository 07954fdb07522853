import { DatabaseUnavailable } from './database.ts';
import { Problem, unavailable } from './problem.ts';

// #region problem-of
/** What is not meant for clients stays here: they learn that something went wrong, the log learns what. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable(error);
  // Express throws this for a path such as /characters/%zz.
  if (error instanceof URIError) return new Problem('malformed', 'The path cannot be decoded.');
  return new Problem('internal', 'The fault is ours, and has been logged.', { cause: error });
}
// #endregion problem-of
