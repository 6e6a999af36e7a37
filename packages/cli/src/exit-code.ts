/** `docs/command.md` and each `--help` list them. */
export const ExitCode = {
  Ok: 0,
  /** Something failed, in whole or in part; stderr says what. */
  Failed: 1,
  /** Wrong arguments or options, or a directory that does not match them. */
  Usage: 2,
  /** No such spool, or no such message in it. */
  NotFound: 3,
  /** 128 + the signal's number, as shells do it. */
  Interrupted: 130,
  Terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const EXIT_CODES_HELP = `
Exit codes: 0 done, 1 failed (in whole or in part), 2 wrong usage or configuration, 3 no such spool or message,
130 interrupted.`;
