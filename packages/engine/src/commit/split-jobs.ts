// The jobs that split the base's tables, and the names under which the tables are linked until then.
import type { LinkedVersion } from '../leveldb/linked-version.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import type { SplitPart } from '../tables/split-table.js';
import type { SplitJob } from '../tables/table-jobs.js';

/** Returns the name in the next generation's directory of a table that is to be split. */
export function linkName(table: TableEntry): string {
  return `${table.number}.link`;
}

/** Returns the path of `linkName`. */
export function linkPath(nextDirectory: string, table: TableEntry): string {
  return `${nextDirectory}/${linkName(table)}`;
}

/** Returns the job that splits a table of the base into parts. */
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
  const flags = { isOwn: true, mayStayWhole: true, purge, keepsLink: false };
  return { kind: 'split', path, origin, sizeBytes, parts, ...flags };
}
