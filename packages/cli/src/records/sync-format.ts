// Formats of files that hold syncs, by the names of the files.
import { splitCompression } from '@sstitch/lines';

/** A format of files: both formats of .c1z, JSON Lines, and CSV of grants. */
export type SyncFormat = 'c1z' | 'c1z1' | 'jsonl' | 'csv';

const BY_ENDING: ReadonlyArray<readonly [ending: string, SyncFormat]> = [
  ['.c1z', 'c1z'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
];

/** The format that a name says, `.gz` and `.zst` left aside; 'c1z' for .c1z of either format. */
export function formatOfName(path: string): SyncFormat | undefined {
  const name = splitCompression(path).name.toLowerCase();
  return BY_ENDING.find(([ending]) => name.endsWith(ending))?.[1];
}

/** Endings of names, for messages. */
export const FORMAT_ENDINGS = '.c1z, .jsonl or .csv, perhaps with .gz or .zst';
