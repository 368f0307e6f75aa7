// What an error says of a table, to be told of the file that is to blame: the table may be at hand under another
// name, a link that is gone when one looks.
import type { SstError } from '@sstitch/sst';

/** An SstError's message without the place. */
export function tableProblem({ message, path }: SstError): string {
  const place = path === undefined ? -1 : message.lastIndexOf(` (${path}`);
  return place < 0 ? message : message.slice(0, place);
}
