// Lays out the next generation's folder (DESIGN.md, ingestAndExcise, step 2): tables outside the
// spans linked, tables inside left out, straddlers cut, incoming tables placed, one MANIFEST.
//
// Runs in a worker thread. Nothing here touches the base but by reading it and giving its tables
// further names; a failure leaves a folder that the caller removes.
//
// Order for crashes: every new file is synced, then the folder. The parent is synced by the caller.
import {
  compareBytes,
  type FileHandle,
  type FileSystem,
  type Span,
  sliceTable,
  TableReader,
  userKeyOf,
} from '@sstitch/sst';
import { tableFileName } from '../leveldb/file-names.js';
import { type Version, writeManifest } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { LoggedOperation } from '../leveldb/write-batch.js';
import type { TableFile, TableOrigin, TableSet } from '../tables.js';
import { pinVersion } from './pin-version.js';
import { linkOrCopy, moveOrCopy, removeTree, syncFile, unlinkIfThere } from './place-file.js';
import { planVersion, type SliceStep, type VersionPlan } from './plan-version.js';
import { readTail } from './read-tail.js';

export interface StageRequest {
  /** Folder of the generation in force; its database may be open. */
  readonly baseFolder: string;
  /** Folder to make. */
  readonly nextFolder: string;
  readonly incoming: TableSet;
  /** Move the incoming files instead of linking them: they are this program's own. */
  readonly moveIncoming: boolean;
  /** What `flushGeneration` gave. */
  readonly leastLogNumber: number;
  /** Give what is in no table yet as operations; else `leastLogNumber` says that nothing is. */
  readonly withTail: boolean;
}

/** Tables and bytes by how they came about. */
export type OriginTotals = Record<TableOrigin, { tables: number; bytes: number }>;

export interface StagedGeneration {
  /** The base's tables in the next generation. */
  readonly base: OriginTotals;
  /** The incoming tables, one member a span. */
  readonly spans: readonly OriginTotals[];
  readonly tables: number;
  readonly lastSequence: number;
  /** What the base had logged and not yet in a table, outside the spans, in order. */
  readonly tail: readonly LoggedOperation[];
}

export function emptyTotals(): OriginTotals {
  return {
    linked: { tables: 0, bytes: 0 },
    copied: { tables: 0, bytes: 0 },
    sliced: { tables: 0, bytes: 0 },
    built: { tables: 0, bytes: 0 },
  };
}

export function addToTotals(totals: OriginTotals, origin: TableOrigin, sizeBytes: number): void {
  totals[origin].tables++;
  totals[origin].bytes += sizeBytes;
}

/** Open files whose sync is put off: the first sync of several new files carries the others' metadata. */
const MAX_UNSYNCED_FILES = 64;

/**
 * Stages the next generation; see the head of this file. Undefined, with nothing left behind, when the
 * base flushed while its tail was to be read: then it is in tables, or about to be.
 */
export function stageGeneration(
  fileSystem: FileSystem,
  request: StageRequest,
  checkCancelled: () => void,
): StagedGeneration | undefined {
  const { baseFolder, nextFolder, incoming } = request;
  fileSystem.makeFolder(nextFolder);
  let plan: VersionPlan<TableFile> | undefined;
  const pinned = pinVersion(
    fileSystem,
    baseFolder,
    nextFolder,
    (version) => {
      plan = planVersion(version, incoming.spans);
      return [
        ...plan.links.map(({ table }) => ({ table, name: tableFileName(table.number) })),
        ...plan.slices.map(({ table }) => ({ table, name: pinName(table) })),
      ];
    },
    checkCancelled,
    request.leastLogNumber,
  );
  if (plan === undefined) throw new Error('the version was pinned without a plan');
  const spansOf = incoming.spans.map(({ span }) => span);
  const tail = request.withTail ? readTail(fileSystem, baseFolder, pinned.version, spansOf) : [];
  if (tail === undefined) {
    removeTree(fileSystem, nextFolder);
    return undefined;
  }

  const base = emptyTotals();
  const levels: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  for (const { level, table } of plan.links) {
    levels[level]?.push(table);
    addToTotals(base, pinned.placements.get(table.number) ?? 'linked', table.sizeBytes);
  }

  let nextNumber = pinned.version.nextFileNumber;
  const files = new UnsyncedFiles();
  try {
    for (const step of plan.slices) {
      checkCancelled();
      const sliced = sliceBaseTable(fileSystem, nextFolder, step, files, () => nextNumber++);
      const origin = sliced.whole
        ? (pinned.placements.get(step.table.number) ?? 'linked')
        : 'sliced';
      for (const table of sliced.tables) {
        levels[step.level]?.push(table);
        addToTotals(base, origin, table.sizeBytes);
      }
    }
    files.syncAll();
  } finally {
    files.closeAll();
  }

  const spans = incoming.spans.map(emptyTotals);
  for (const { level, table, spanIndex } of plan.placed) {
    checkCancelled();
    const number = nextNumber++;
    const origin = placeIncoming(fileSystem, nextFolder, table, number, request.moveIncoming);
    levels[level]?.push({
      number,
      sizeBytes: table.sizeBytes,
      smallest: table.smallest,
      largest: table.largest,
    });
    const totals = spans[spanIndex];
    if (totals) addToTotals(totals, origin, table.sizeBytes);
  }

  checkCancelled();
  const manifestNumber = nextNumber++;
  const version: Version = {
    levels: levels.map((tables, level) => sortTables(tables, level)),
    // The folder holds no log: LevelDB's first will have the next number, above this one (rule 5).
    logNumber: manifestNumber,
    previousLogNumber: 0,
    nextFileNumber: nextNumber,
    lastSequence: Math.max(pinned.version.lastSequence, incoming.lastSequence),
  };
  writeManifest(fileSystem, nextFolder, version, manifestNumber);
  fileSystem.syncFolder(nextFolder);
  return {
    base,
    spans,
    tables: levels.reduce((count, tables) => count + tables.length, 0),
    lastSequence: version.lastSequence,
    tail,
  };
}

function pinName(table: TableEntry): string {
  return `${table.number}.pin`;
}

/** Cuts a table; one whose holes hold no entry need not be cut and is kept whole. */
function sliceBaseTable(
  fileSystem: FileSystem,
  folder: string,
  step: SliceStep,
  files: UnsyncedFiles,
  takeNumber: () => number,
): { readonly whole: boolean; readonly tables: readonly TableEntry[] } {
  const pinPath = `${folder}/${pinName(step.table)}`;
  const tables: TableEntry[] = [];
  const reader = TableReader.open(fileSystem, pinPath, {
    expectedSizeBytes: step.table.sizeBytes,
  });
  try {
    const [only, ...others] = step.outputs;
    if (only !== undefined && others.length === 0 && !hasEntriesBetween(reader, only)) {
      fileSystem.rename(pinPath, `${folder}/${tableFileName(step.table.number)}`);
      // Recorded bounds may be wider than the table, and reach into a hole that is filled now.
      const { number, sizeBytes } = step.table;
      const [smallest, largest] = [reader.smallest(), reader.largest()];
      return { whole: true, tables: [{ number, sizeBytes, smallest, largest }] };
    }
    for (const [index, keep] of step.outputs.entries()) {
      // The first part takes the old number, so that level 0 keeps its order (rule 11).
      const number = index === 0 ? step.table.number : takeNumber();
      const path = `${folder}/${tableFileName(number)}`;
      const sliced = sliceTable(reader, keep, () => files.create(fileSystem, path));
      if (sliced === undefined) continue;
      tables.push({
        number,
        sizeBytes: sliced.sizeBytes,
        smallest: sliced.smallest,
        largest: sliced.largest,
      });
      files.bound();
    }
  } finally {
    reader.close();
  }
  unlinkIfThere(fileSystem, pinPath);
  return { whole: false, tables };
}

/** Whether a table has entries that none of the spans holds. One seek for each gap. */
function hasEntriesBetween(reader: TableReader, keep: readonly Span[]): boolean {
  const entries = reader.iterator();
  entries.seekToFirst();
  for (const { start, end } of keep) {
    if (!entries.valid) return false;
    if (compareBytes(userKeyOf(entries.key), start) < 0) return true;
    if (end === undefined) return false;
    entries.seekUserKey(end);
  }
  return entries.valid;
}

function placeIncoming(
  fileSystem: FileSystem,
  folder: string,
  table: TableFile,
  number: number,
  move: boolean,
): TableOrigin {
  const path = `${folder}/${tableFileName(number)}`;
  // A linked table was made durable by the database that wrote it; others are new files.
  if (table.origin !== 'linked') syncFile(fileSystem, table.path);
  const place = move ? moveOrCopy : linkOrCopy;
  const placement = place(fileSystem, table.path, path);
  return placement === 'copied' && table.origin === 'linked' ? 'copied' : table.origin;
}

function sortTables(tables: TableEntry[], level: number): TableEntry[] {
  return level === 0
    ? tables.sort((a, b) => a.number - b.number)
    : tables.sort((a, b) => compareBytes(userKeyOf(a.smallest), userKeyOf(b.smallest)));
}

/** New files that are written but not yet synced. */
export class UnsyncedFiles {
  #open: FileHandle[] = [];

  /** Creates a table file that is read-only once it is closed: hard links share its bytes (rule 4). */
  create(fileSystem: FileSystem, path: string): FileHandle {
    const file = fileSystem.open(path, 'create');
    this.#open.push(file);
    fileSystem.setMode(path, 0o444);
    return file;
  }

  /** Syncs when too many are open. */
  bound(): void {
    if (this.#open.length >= MAX_UNSYNCED_FILES) this.syncAll();
  }

  syncAll(): void {
    for (const file of this.#open) file.sync();
    this.closeAll();
  }

  closeAll(): void {
    const files = this.#open;
    this.#open = [];
    const failures: unknown[] = [];
    for (const file of files) {
      try {
        file.close();
      } catch (error) {
        // The others are to be closed all the same.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
