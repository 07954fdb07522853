import type { CouldNotCheck, Fault } from './fault.ts';

/**
 * Names of the toolchains, services and engines that may be missing in this run. `undefined`: any may, as on somebody's own machine.
 *
 * @param flag what `--allow-missing` says, for example `csharp,python`; before VERIFY_ALLOW_MISSING.
 */
export function allowMissingFrom(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  const text = flag ?? env.VERIFY_ALLOW_MISSING;
  const names = text?.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return env.CI === 'true' ? (names ?? []) : undefined;
}

/** Whether what is missing is something that this run may lack. */
export function isAllowed({ missing }: CouldNotCheck, allowMissing: readonly string[] | undefined): boolean {
  return allowMissing === undefined || allowMissing.includes(missing);
}

/** 0 proved; 1 not proved; 3 proved but for what cannot be judged here and may not be missing. */
export function exitCodeOf(
  verification: { readonly faults: readonly Fault[]; readonly couldNotCheck: readonly CouldNotCheck[] },
  allowMissing: readonly string[] | undefined,
): 0 | 1 | 3 {
  if (verification.faults.length > 0) return 1;
  return verification.couldNotCheck.every((missing) => isAllowed(missing, allowMissing)) ? 0 : 3;
}
