// The exit codes of the process, and the errors that map to each.

/** Exit codes of `sstitch`. The code of a signal is 128 plus its number. */
export const EXIT_CODES = {
  /** Success; also if the reader of the output closed it early, as `head` does. */
  done: 0,
  /**
   * The file system or LevelDB reported an error, a cluster's database did not answer or refused the command, the user
   * answered no, or the result could not be written.
   */
  failed: 1,
  /** The command line is wrong; nothing was touched. */
  usage: 2,
  /** The store or file exists, but does not hold the sync. */
  noSuchSync: 3,
  /** The input is damaged or of another kind than expected, or a check failed. */
  corrupt: 4,
  /** The input does not exist: a store, a database, a file or a directory. */
  noSuchStore: 5,
  /** Another process has the store open. */
  locked: 6,
  /** SIGHUP: the terminal was closed. */
  hungUp: 129,
  /** SIGINT: Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

/** An exit code of `sstitch`. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Exit codes by error code, of this project and of Level; all other errors exit with `failed`. */
export const EXIT_CODE_BY_ERROR: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  ['SSTITCH_USAGE', EXIT_CODES.usage],
  ['SSTITCH_OPTION_INVALID', EXIT_CODES.usage],
  ['SSTITCH_COMPACT_INPUT', EXIT_CODES.usage],
  ['SSTITCH_SYNC_ID_INVALID', EXIT_CODES.usage],
  ['SSTITCH_KEY_ELEMENT_INVALID', EXIT_CODES.usage],
  ['SSTITCH_SYNC_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_C1Z_SYNC_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_LINES_SYNC_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_SYNC_EMPTY', EXIT_CODES.noSuchSync],
  ['SSTITCH_CURSOR_INVALID', EXIT_CODES.usage],
  ['SSTITCH_EXPANSION_MISMATCHED', EXIT_CODES.corrupt],
  ['SSTITCH_EXPANSION_INCOMPLETE', EXIT_CODES.corrupt],
  ['SSTITCH_GRANT_ID_TAKEN', EXIT_CODES.corrupt],
  ['SSTITCH_INDEX_INEXACT', EXIT_CODES.corrupt],
  ['SSTITCH_VERSION_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_CHECK_FAILED', EXIT_CODES.corrupt],
  ['SSTITCH_IMPORT_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_INPUT_UNFIT', EXIT_CODES.corrupt],
  ['SSTITCH_STORE_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_STORE_FORMAT', EXIT_CODES.corrupt],
  ['SSTITCH_TABLES_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_TABLE_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_TABLE_UNSUPPORTED', EXIT_CODES.corrupt],
  ['SSTITCH_C1Z_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_C1Z_NOT_C1Z', EXIT_CODES.corrupt],
  ['SSTITCH_C1Z_FORMAT_UNSUPPORTED', EXIT_CODES.corrupt],
  ['SSTITCH_C1Z_TOO_LARGE', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_CUT_OFF', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_DAMAGED', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_TOO_LARGE', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_VERSION_UNSUPPORTED', EXIT_CODES.corrupt],
  ['SSTITCH_LINES_NOT_REPRESENTABLE', EXIT_CODES.corrupt],
  ['SSTITCH_RECORD_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_RECORD_UNDECODABLE', EXIT_CODES.corrupt],
  ['SSTITCH_INDEX_STRAY', EXIT_CODES.corrupt],
  ['SSTITCH_KEY_MALFORMED', EXIT_CODES.corrupt],
  ['SSTITCH_CLUSTER_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_VIEW_GONE', EXIT_CODES.corrupt],
  ['LEVEL_CORRUPTION', EXIT_CODES.corrupt],
  ['SSTITCH_INPUT_NOT_FOUND', EXIT_CODES.noSuchStore],
  ['SSTITCH_STORE_NOT_FOUND', EXIT_CODES.noSuchStore],
  ['SSTITCH_CLUSTER_NOT_FOUND', EXIT_CODES.noSuchStore],
  ['LEVEL_LOCKED', EXIT_CODES.locked],
]);
