// Recognises errors of a full disk.
import { causesOf, errorCodeOf } from '../errors.js';

/** The error codes of a full disk and of an exhausted quota. */
const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);
/** LevelDB's errors have the system's message but no code. */
const FULL_WORDS = /No space left on device|Disk quota exceeded/;

/** Whether an error, or one of its causes, says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  for (const current of causesOf(error)) {
    if (FULL_CODES.has(errorCodeOf(current) ?? '') || FULL_WORDS.test(current.message)) return true;
  }
  return false;
}
