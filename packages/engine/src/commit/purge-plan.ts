// What a purge changes in a commit's plan: tables whose files hold more than the table are written anew instead
// of linked (purge-tables.ts).

import type { Span } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { tableFileName } from '../leveldb/file-names.js';
import type { PinnedVersion } from '../leveldb/linked-version.js';
import { spansOverlapping } from '../spans.js';
import { EVERYTHING, holdsMore } from '../tables/purge-tables.js';
import type { CutJob } from '../tables/table-jobs.js';
import type { TableFile } from '../tables/table-set.js';
import type { LinkStep, VersionPlan } from './plan.js';
import { pinName, pinPath } from './speculative-splits.js';

/** A plan in which the base's tables whose files hold more than the table are cut, and not linked. */
export function withPurge(
  fileSystem: FileSystem,
  nextFolder: string,
  plan: VersionPlan<TableFile>,
  pinned: PinnedVersion,
  purge: readonly Span[],
): { readonly plan: VersionPlan<TableFile>; readonly pinned: PinnedVersion } {
  if (purge.length === 0) return { plan, pinned };
  const placed = new Map(pinned.placed);
  const links: LinkStep[] = [];
  const slices = [...plan.slices];
  for (const step of plan.links) {
    const { level, table } = step;
    const name = tableFileName(table.number);
    const pin = placed.get(name);
    if (pin === undefined) throw new Error('a table that is linked was not pinned');
    const named = { path: `${nextFolder}/${name}`, origin: pin.origin };
    const isClean =
      spansOverlapping(purge, table).length === 0 || !holdsMore(fileSystem, named, table.sizeBytes);
    if (isClean) {
      links.push(step);
      continue;
    }
    fileSystem.rename(named.path, pinPath(nextFolder, table));
    placed.delete(name);
    placed.set(pinName(table), pin);
    slices.push({ level, table, outputs: [[EVERYTHING]] });
  }
  return { plan: { ...plan, links, slices }, pinned: { ...pinned, placed } };
}

/** The incoming tables whose files hold more than the table. */
export function rewriteJobs(
  fileSystem: FileSystem,
  { placed }: VersionPlan<TableFile>,
  nextFolder: string,
  firstNumber: number,
): ReadonlyArray<{ readonly index: number; readonly job: CutJob }> {
  return placed.flatMap(({ table }, index) => {
    const { path, sizeBytes, source: origin = path } = table;
    if (!holdsMore(fileSystem, { path, origin }, sizeBytes)) return [];
    const parts = [
      { keep: [EVERYTHING], path: `${nextFolder}/${tableFileName(firstNumber + index)}` },
    ];
    const how = { isInForce: false, mayStayWhole: false, purge: true, keepsName: true };
    return [{ index, job: { kind: 'cut', path, origin, sizeBytes, parts, ...how } }];
  });
}
