// Tables of the base that were split before the commit knew what comes in, while that was being made.
//
// A guess: the base may have moved on since, and where an incoming table comes to lie between two parts of a
// table these become two tables. So what was split has a name of its own, and its link stays; a wrong guess goes,
// and the table is split again.
import { sameSpans } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { unlinkIfThere } from '../files/place-file.js';
import type { LinkedVersion } from '../leveldb/linked-version.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import type { SplitPart } from '../tables/split-table.js';
import type { SplitJob, TableOutcome } from '../tables/table-jobs.js';
import type { SplitStep } from './plan.js';

/** A job of `speculativeSplitJob`, done. */
export interface SpeculativeSplit {
  readonly job: SplitJob;
  readonly outcome: TableOutcome;
}

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

export function speculativeSplitJob(
  linked: Pick<LinkedVersion, 'placed'>,
  nextDirectory: string,
  { table, outputs }: SplitStep,
  purge: boolean,
): SplitJob {
  const parts = outputs.map((keep, index) => ({
    keep,
    path: `${nextDirectory}/${table.number}-${index}.speculative`,
  }));
  return { ...splitJob(linked, nextDirectory, table, parts, purge), keepsName: true };
}

/** Guesses, of which each is taken once at most. */
export class SpeculativeSplits {
  readonly #byPin: Map<string, SpeculativeSplit>;

  constructor(splits: readonly SpeculativeSplit[]) {
    this.#byPin = new Map(splits.map((split) => [split.job.path, split]));
  }

  /** What was split as it is to be split. */
  take(nextDirectory: string, { table, outputs }: SplitStep): SpeculativeSplit | undefined {
    const link = linkPath(nextDirectory, table);
    const split = this.#byPin.get(link);
    if (split === undefined) return undefined;
    const { parts, sizeBytes } = split.job;
    const isRight =
      sizeBytes === table.sizeBytes &&
      parts.length === outputs.length &&
      parts.every(({ keep }, index) => sameSpans(keep, outputs[index] ?? []));
    if (!isRight) return undefined;
    this.#byPin.delete(link);
    return split;
  }

  /** Removes what was split in vain. */
  removeOthers(fileSystem: FileSystem): void {
    for (const { job } of this.#byPin.values()) {
      for (const { path } of job.parts) unlinkIfThere(fileSystem, path);
    }
    this.#byPin.clear();
  }
}

/**
 * Gives what was split its names, unless the table stays whole, and removes the link.
 *
 * @param paths of the parts
 */
export function placeSpeculativeSplit(
  fileSystem: FileSystem,
  { job, outcome }: SpeculativeSplit,
  paths: readonly string[],
): void {
  if (outcome.kind !== 'split') throw new Error('a table was not split');
  for (const [index, part] of job.parts.entries()) {
    const path = paths[index];
    if (outcome.parts[index] !== undefined && path !== undefined)
      fileSystem.rename(part.path, path);
  }
  unlinkIfThere(fileSystem, job.path);
}
