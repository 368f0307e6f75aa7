// Tells errors of a full disk from others.
import { errorCodeOf } from '../errors.js';

/** What a system says of a disk, or of a user's share of it, that is full. */
const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);
/** LevelDB has no codes for it. */
const FULL_WORDS = /No space left on device|Disk quota exceeded/;

/** Whether an error, or what it was caused by, says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (FULL_CODES.has(errorCodeOf(current) ?? '') || FULL_WORDS.test(current.message)) return true;
  }
  return false;
}
