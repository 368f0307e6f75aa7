// The names of a payload's files. A name never becomes part of a path here; what could leave a directory is refused
// all the same, since no writer makes such a name.
import { C1zError } from '../errors.js';

/** The longest name, in bytes. */
const MAX_NAME_BYTES = 4096;
/** The most files in a payload. Tables have some MiB each. */
export const MAX_PAYLOAD_FILES = 100_000;

const PARTS = /^[^/\\\0]+(?:\/[^/\\\0]+)*$/;

/**
 * Checks a name.
 * @param place of the name, for the message
 * @throws C1zError SSTITCH_C1Z_CORRUPT
 */
export function checkPayloadName(
  name: string,
  place: { path: string; part: string; offset?: number },
): void {
  const isWrong =
    Buffer.byteLength(name) > MAX_NAME_BYTES ||
    !PARTS.test(name) ||
    name.split('/').some((part) => part === '.' || part === '..');
  if (!isWrong) return;
  throw new C1zError(
    'SSTITCH_C1Z_CORRUPT',
    `a file of the payload is named ${JSON.stringify(name.slice(0, 100))}, which no writer does: the file is damaged or was made to do harm`,
    place,
  );
}
