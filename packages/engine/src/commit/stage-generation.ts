// Lays out the next generation's folder (DESIGN.md, ingestAndExcise, step 2): tables outside the
// spans linked, tables inside left out, straddlers cut, incoming tables placed, one MANIFEST.
//
// Runs in a worker thread. Nothing here touches the base but by reading it, giving its tables further
// names, and writing behind the end of some (cut-table.ts); a failure leaves a folder that the caller removes.
//
// Order for crashes: every new file is synced, then the folder. The parent is synced by the caller.
import { compareBytes, type FileSystem, type Span, TableReader, userKeyOf } from '@sstitch/sst';
import { tableFileName } from '../leveldb/file-names.js';
import { type Version, writeManifest } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { LoggedOperation } from '../leveldb/write-batch.js';
import type { TableFile, TableOrigin, TableSet } from '../tables.js';
import { cutTable } from './cut-table.js';
import { pinVersion } from './pin-version.js';
import { linkOrCopy, moveOrCopy, removeTree, syncFile, unlinkIfThere } from './place-file.js';
import { planVersion, type SliceStep, type VersionPlan } from './plan-version.js';
import { readTail } from './read-tail.js';
import { UnsyncedFiles } from './unsynced-files.js';

export interface StageRequest {
  /** Folder of the generation in force; its database may be open. */
  readonly baseFolder: string;
  /** Folder to make. */
  readonly nextFolder: string;
  readonly incoming: TableSet;
  /** Move the incoming files instead of linking them: they are this program's own. */
  readonly moveIncoming: boolean;
  /** Size from which a part of a table is kept in its file (cut-table.ts). */
  readonly narrowFromBytes: number;
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
    narrowed: { tables: 0, bytes: 0 },
    built: { tables: 0, bytes: 0 },
  };
}

export function addToTotals(totals: OriginTotals, origin: TableOrigin, sizeBytes: number): void {
  totals[origin].tables++;
  totals[origin].bytes += sizeBytes;
}

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
      const cut = cutBaseTable(fileSystem, request, step, files, () => nextNumber++);
      const placement = pinned.placements.get(step.table.number) ?? 'linked';
      for (const { table, origin = placement, dataBytes } of cut) {
        levels[step.level]?.push(table);
        addToTotals(base, origin, dataBytes);
      }
      files.bound();
    }
    files.syncAll();
    for (const { table } of plan.slices)
      unlinkIfThere(fileSystem, `${nextFolder}/${pinName(table)}`);
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
    if (totals) addToTotals(totals, origin, table.dataBytes ?? table.sizeBytes);
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

/** A table of the next generation, made of one of the base's. */
interface CutBaseTable {
  readonly table: TableEntry;
  /** Undefined for the table itself, which had not to be cut. */
  readonly origin?: TableOrigin;
  readonly dataBytes: number;
}

/** Cuts a table; one whose holes hold no entry need not be cut and is kept whole. */
function cutBaseTable(
  fileSystem: FileSystem,
  { nextFolder: folder, narrowFromBytes }: StageRequest,
  { table: source, outputs }: SliceStep,
  files: UnsyncedFiles,
  takeNumber: () => number,
): readonly CutBaseTable[] {
  const pinPath = `${folder}/${pinName(source)}`;
  const { number, sizeBytes } = source;
  const reader = TableReader.open(fileSystem, pinPath, { sizeBytes });
  const tables: CutBaseTable[] = [];
  try {
    const [only, ...others] = outputs;
    if (only !== undefined && others.length === 0 && !hasEntriesBetween(reader, only)) {
      fileSystem.rename(pinPath, `${folder}/${tableFileName(number)}`);
      // Recorded bounds may be wider than the table, and reach into a hole that is filled now.
      const [smallest, largest] = [reader.smallest(), reader.largest()];
      return [{ table: { number, sizeBytes, smallest, largest }, dataBytes: sizeBytes }];
    }
    // The first part takes the old number, so that level 0 keeps its order (rule 11).
    const numbers = outputs.map((_, index) => (index === 0 ? number : takeNumber()));
    const parts = outputs.map((keep, index) => {
      return { keep, path: `${folder}/${tableFileName(numbers[index] ?? number)}` };
    });
    const cut = cutTable(fileSystem, reader, parts, narrowFromBytes, files);
    for (const [index, part] of cut.entries()) {
      if (part === undefined) continue;
      const { smallest, largest, origin, dataBytes } = part;
      const entry = { number: numbers[index] ?? number, sizeBytes: part.sizeBytes };
      tables.push({ table: { ...entry, smallest, largest }, origin, dataBytes });
    }
  } finally {
    reader.close();
  }
  return tables;
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
  // A linked table was made durable by the database that wrote it; others are new, in whole or in part.
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
