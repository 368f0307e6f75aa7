// Tables of the base that were cut before the commit knew what comes in, while that was being made.
//
// A guess: the base may have moved on since, and where an incoming table comes to lie between two parts of a
// table these become two tables. So what was cut has a name of its own, and its pin stays; a wrong guess goes,
// and the table is cut again.
import { sameSpans } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { unlinkIfThere } from '../files/place-file.js';
import type { PinnedVersion } from '../leveldb/linked-version.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import type { CutPart } from '../tables/split-table.js';
import { type CutJob, filesMadeBy, type TableOutcome } from '../tables/table-jobs.js';
import type { SliceStep } from './plan.js';

/** A job of `cutAheadJob`, done. */
export interface CutAhead {
  readonly job: CutJob;
  readonly outcome: TableOutcome;
}

/** The name in the next generation's folder of a table that is to be cut. */
export function pinName(table: TableEntry): string {
  return `${table.number}.pin`;
}

export function pinPath(nextFolder: string, table: TableEntry): string {
  return `${nextFolder}/${pinName(table)}`;
}

export function cutJob(
  { placed }: Pick<PinnedVersion, 'placed'>,
  nextFolder: string,
  table: TableEntry,
  parts: readonly CutPart[],
  purge: boolean,
): CutJob {
  const path = pinPath(nextFolder, table);
  const origin = placed.get(pinName(table))?.origin ?? path;
  const { sizeBytes } = table;
  const how = { isInForce: true, mayStayWhole: true, purge, keepsName: false };
  return { kind: 'cut', path, origin, sizeBytes, parts, ...how };
}

export function cutAheadJob(
  pinned: Pick<PinnedVersion, 'placed'>,
  nextFolder: string,
  { table, outputs }: SliceStep,
  purge: boolean,
): CutJob {
  const parts = outputs.map((keep, index) => ({
    keep,
    path: `${nextFolder}/${table.number}-${index}.ahead`,
  }));
  return { ...cutJob(pinned, nextFolder, table, parts, purge), keepsName: true };
}

/** Guesses, of which each is taken once at most. */
export class CutsAhead {
  readonly #byPin: Map<string, CutAhead>;

  constructor(cuts: readonly CutAhead[]) {
    this.#byPin = new Map(cuts.map((cut) => [cut.job.path, cut]));
  }

  /** What was cut as it is to be cut. */
  take(nextFolder: string, { table, outputs }: SliceStep): CutAhead | undefined {
    const pin = pinPath(nextFolder, table);
    const cut = this.#byPin.get(pin);
    if (cut === undefined) return undefined;
    const { parts, sizeBytes } = cut.job;
    const isRight =
      sizeBytes === table.sizeBytes &&
      parts.length === outputs.length &&
      parts.every(({ keep }, index) => sameSpans(keep, outputs[index] ?? []));
    if (!isRight) return undefined;
    this.#byPin.delete(pin);
    return cut;
  }

  /** Removes what was cut in vain. */
  removeOthers(fileSystem: FileSystem): void {
    for (const { job } of this.#byPin.values()) {
      for (const { path } of job.parts) unlinkIfThere(fileSystem, path);
    }
    this.#byPin.clear();
  }
}

/**
 * Gives what was cut its names, unless the table stays whole, and removes the pin.
 *
 * @param paths of the parts
 * @returns a path of each file that was written to
 */
export function placeCutAhead(
  fileSystem: FileSystem,
  { job, outcome }: CutAhead,
  paths: readonly string[],
): readonly string[] {
  const written = new Set(filesMadeBy([job], [outcome]));
  if (outcome.kind !== 'cut') throw new Error('a table was not cut');
  const unsynced = job.parts.flatMap((part, index) => {
    const path = paths[index];
    if (outcome.parts[index] === undefined || path === undefined) return [];
    fileSystem.rename(part.path, path);
    return written.has(part.path) ? [path] : [];
  });
  unlinkIfThere(fileSystem, job.path);
  return unsynced;
}
