// The jobs that split the base's tables, and the names under which these are linked until they are split.
import type { LinkedVersion } from '../leveldb/linked-version.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import type { SplitPart } from '../tables/split-table.js';
import type { SplitJob } from '../tables/table-jobs.js';

/** The name in the next generation's directory of a table that is to be split. */
export function linkName(table: TableEntry): string {
  return `${table.number}.link`;
}

export function linkPath(nextDirectory: string, table: TableEntry): string {
  return `${nextDirectory}/${linkName(table)}`;
}

export function splitJob(
  { placed }: Pick<LinkedVersion, 'placed'>,
  nextDirectory: string,
  table: TableEntry,
  parts: readonly SplitPart[],
  purge: boolean,
): SplitJob {
  const path = linkPath(nextDirectory, table);
  const origin = placed.get(linkName(table))?.origin ?? path;
  const { sizeBytes } = table;
  const how = { isInForce: true, mayStayWhole: true, purge, keepsName: false };
  return { kind: 'split', path, origin, sizeBytes, parts, ...how };
}
