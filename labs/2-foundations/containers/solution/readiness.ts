/** Where the server stands in its life. It is ready in one of these states alone, and live in all. */
export type Phase =
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  /** SIGTERM has come: it serves what still arrives, and wants no more. */
  | { readonly name: 'stopping' };

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

// #region readiness
/** Whether traffic should come here now. Says nothing about whether the process should be replaced. */
export async function readiness(phase: Phase, databaseAnswers: () => Promise<boolean>): Promise<Readiness> {
  if (phase.name === 'stopping') return { ready: false, reason: 'stopping' };
  if (phase.name === 'starting') return { ready: false, reason: 'waiting for the database' };
  return (await databaseAnswers()) ? { ready: true } : { ready: false, reason: 'the database does not answer' };
}
// #endregion readiness
