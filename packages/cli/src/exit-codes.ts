// What the process says to its caller, and which errors mean what.

/** Exit codes of `sstitch`. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchSync: 3,
  corrupt: 4,
  noSuchStore: 5,
  locked: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Codes of errors, of this project and of Level, that have an exit code of their own. */
export const EXIT_CODE_BY_ERROR: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  ['SSTITCH_USAGE', EXIT_CODES.usage],
  ['SSTITCH_OPTION_INVALID', EXIT_CODES.usage],
  ['SSTITCH_COMPACT_INPUT', EXIT_CODES.usage],
  ['SSTITCH_SYNC_ID_INVALID', EXIT_CODES.usage],
  ['SSTITCH_SYNC_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_C1Z_SYNC_NOT_FOUND', EXIT_CODES.noSuchSync],
  ['SSTITCH_SYNC_EMPTY', EXIT_CODES.noSuchSync],
  ['SSTITCH_CHECK_FAILED', EXIT_CODES.corrupt],
  ['SSTITCH_IMPORT_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_STORE_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_TABLES_INVALID', EXIT_CODES.corrupt],
  ['SSTITCH_TABLE_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_C1Z_CORRUPT', EXIT_CODES.corrupt],
  ['SSTITCH_RECORD_UNDECODABLE', EXIT_CODES.corrupt],
  ['SSTITCH_INDEX_STRAY', EXIT_CODES.corrupt],
  ['SSTITCH_KEY_MALFORMED', EXIT_CODES.corrupt],
  ['LEVEL_CORRUPTION', EXIT_CODES.corrupt],
  ['SSTITCH_STORE_NOT_FOUND', EXIT_CODES.noSuchStore],
  ['LEVEL_LOCKED', EXIT_CODES.locked],
]);
