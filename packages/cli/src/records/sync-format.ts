// Finds the formats of sync files by their names.
import { splitCompression } from '@sstitch/lines';

/** A format of sync files: the two formats of .c1z, JSON Lines, and CSV of grants. */
export type SyncFormat = 'c1z' | 'c1z1' | 'jsonl' | 'csv';

const BY_ENDING: ReadonlyArray<readonly [ending: string, SyncFormat]> = [
  ['.c1z', 'c1z'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
];

/** The format that a name ends in, ignoring `.gz` and `.zst`; 'c1z' stands for both formats of .c1z. */
export function formatOfName(path: string): SyncFormat | undefined {
  const name = splitCompression(path).name.toLowerCase();
  return BY_ENDING.find(([ending]) => name.endsWith(ending))?.[1];
}

/** The endings of names, for messages. */
export const FORMAT_ENDINGS = '.c1z, .jsonl or .csv, optionally with .gz or .zst';
