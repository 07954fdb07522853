/** What the command line's exit codes mean. Scripts rely on them; `--help` states them. */
export const exitCode = {
  /** Everything asked for is green, or done. */
  green: 0,
  /** At least one checkpoint is red. */
  red: 1,
  /** The command was not understood, or refused. */
  usage: 2,
  /** Something could not be checked or done on this machine; never counted as green. */
  couldNotCheck: 3,
  /** Ended by Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
