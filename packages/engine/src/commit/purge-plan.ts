// Plans which tables a commit rewrites instead of linking: those whose files hold more than the table
// (tables/purge-tables.ts). A purge rewrites such tables of the base and incoming ones; a store that splits by copy
// rewrites incoming ones.

import type { Span } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { tableFileName } from '../leveldb/file-names.js';
import type { LinkedVersion } from '../leveldb/linked-version.js';
import { spansOverlapping } from '../spans.js';
import { EVERYTHING, holdsMore } from '../tables/purge-tables.js';
import type { SplitJob } from '../tables/table-jobs.js';
import type { TableFile } from '../tables/table-set.js';
import type { LinkStep, VersionPlan } from './plan.js';
import { linkName, linkPath } from './split-jobs.js';

/** Changes a plan so that the base's tables whose files hold more than the table are split instead of linked. */
export function withPurge(
  fileSystem: FileSystem,
  nextDirectory: string,
  plan: VersionPlan<TableFile>,
  linked: LinkedVersion,
  purge: readonly Span[],
): { readonly plan: VersionPlan<TableFile>; readonly linked: LinkedVersion } {
  if (purge.length === 0) return { plan, linked };
  const placed = new Map(linked.placed);
  const links: LinkStep[] = [];
  const splits = [...plan.splits];
  for (const step of plan.links) {
    const { level, table } = step;
    const name = tableFileName(table.number);
    const link = placed.get(name);
    if (link === undefined) throw new Error(`table ${name} is planned but was not linked`);
    const named = { path: `${nextDirectory}/${name}`, origin: link.origin };
    const isClean =
      spansOverlapping(purge, table).length === 0 || !holdsMore(fileSystem, named, table.sizeBytes);
    if (isClean) {
      links.push(step);
      continue;
    }
    fileSystem.rename(named.path, linkPath(nextDirectory, table));
    placed.delete(name);
    placed.set(linkName(table), link);
    splits.push({ level, table, outputs: [[EVERYTHING]] });
  }
  return { plan: { ...plan, links, splits }, linked: { ...linked, placed } };
}

/** Returns jobs that rewrite the incoming tables whose files hold more than the table. */
export function rewriteJobs(
  fileSystem: FileSystem,
  { placed }: VersionPlan<TableFile>,
  nextDirectory: string,
  firstNumber: number,
): ReadonlyArray<{ readonly index: number; readonly job: SplitJob }> {
  return placed.flatMap(({ table }, index) => {
    const { path, sizeBytes, source: origin = path } = table;
    if (!holdsMore(fileSystem, { path, origin }, sizeBytes)) return [];
    const parts = [
      { keep: [EVERYTHING], path: `${nextDirectory}/${tableFileName(firstNumber + index)}` },
    ];
    const flags = { isOwn: false, mayStayWhole: false, purge: true, keepsLink: true };
    return [{ index, job: { kind: 'split', path, origin, sizeBytes, parts, ...flags } }];
  });
}
