// Checks the names of a payload's files. A name never becomes part of a path here, but a name that could leave
// a directory is still refused, because no writer produces one.
import { C1zError } from '../errors.js';

/** The most bytes in a name. */
const MAX_NAME_BYTES = 4096;
/** The most files in a payload; a table has some MiB. */
export const MAX_PAYLOAD_FILES = 100_000;

const PARTS = /^[^/\\\0]+(?:\/[^/\\\0]+)*$/;

/**
 * Checks a name.
 * @param place the place of the name, for the message
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
    `a file of the payload is named ${JSON.stringify(name.slice(0, 100))}, which no writer produces: the file is damaged or hostile`,
    place,
  );
}
