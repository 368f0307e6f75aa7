// Strips the path from a table's error, for a message that names another path. The table may have been read through a
// link that no longer exists.
import type { SstError } from '@sstitch/sst';

/** Returns an SstError's message without its path and offset. */
export function tableProblem({ message, path }: SstError): string {
  const place = path === undefined ? -1 : message.lastIndexOf(` (${path}`);
  return place < 0 ? message : message.slice(0, place);
}
