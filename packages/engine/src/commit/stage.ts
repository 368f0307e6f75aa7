// Lays out the next generation's folder (step 4 of a commit): tables outside the
// spans linked, tables inside left out, straddlers cut, incoming tables placed, one MANIFEST.
//
// Two steps, in one worker thread: pin the base's version and plan what is to be cut; put together what the
// cuts gave. Where the incoming tables are still on their way a version is pinned meanwhile, ahead of the one
// that the commit is about, and its straddlers are cut: mostly both are as they have to be.
//
// Nothing here touches the base but by reading it, giving its tables further names, and writing behind the end
// of some (split-table.ts); a failure leaves a folder that the caller removes.
//
// Order for crashes: nothing is synced here. The caller syncs the tables, what LevelDB makes of the
// MANIFEST, the folder, and the parent before any CURRENT can name the folder.

import { compareBytes, type OriginTotals, type Span, type TableOrigin } from '@sstitch/contract';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import { linkOrCopy, moveOrCopy } from '../files/place-file.js';
import { tableFileName } from '../leveldb/file-names.js';
import { checkFlushed } from '../leveldb/flush.js';
import { type PinnedVersion, pinVersion } from '../leveldb/linked-version.js';
import { manifestState, type Version, writeManifest } from '../leveldb/manifest.js';
import { listShortLogs, readTail } from '../leveldb/unflushed-log.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { LoggedOperation } from '../leveldb/write-batch.js';
import { addToTotals, emptyTotals } from '../tables/origin-totals.js';
import type { CutJob, TableOutcome } from '../tables/table-jobs.js';
import type { TableFile, TableSet } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import { planVersion, type SliceStep, type VersionPlan } from './plan.js';
import { rewriteJobs, withPurge } from './purge-plan.js';
import {
  type CutAhead,
  CutsAhead,
  cutAheadJob,
  cutJob,
  pinName,
  pinPath,
  placeCutAhead,
} from './speculative-splits.js';

export interface StageRequest {
  /** Folder of the generation in force; its database may be open. */
  readonly baseFolder: string;
  /** The next generation's folder, which is made. */
  readonly nextFolder: string;
  readonly incoming: TableSet;
  /** What `flushGeneration` gave. */
  readonly leastLogNumber: number;
  /** Give what is in no table yet as operations; else `leastLogNumber` says that nothing is. */
  readonly withTail: boolean;
  /** What was cut since `pinAhead`. */
  readonly ahead?: readonly CutAhead[] | undefined;
  /**
   * Incoming files to move instead of linking them, where they are this program's own: `made` are those that are
   * not taken whole, whose names nothing else needs any more.
   */
  readonly move: 'none' | 'made' | 'all';
  /** Where no file may hold bytes of anything but its table; see purge-tables.ts. @defaultValue nowhere */
  readonly purge?: readonly Span[] | undefined;
  /** Paths of incoming files that are to be synced. */
  readonly unsynced: readonly string[];
}

/** What is still to be done, or what there is. */
export type BegunStage =
  | { readonly jobs: readonly CutJob[] }
  | { readonly staged: StagedGeneration };

export interface StagedGeneration {
  /** The base's tables in the next generation. */
  readonly base: OriginTotals;
  /** The incoming tables, one member a span. */
  readonly spans: readonly OriginTotals[];
  readonly tables: number;
  readonly lastSequence: number;
  /** What the base had logged and not yet in a table, outside the spans, in order. */
  readonly tail: readonly LoggedOperation[];
  /** A path of each file that came in or was cut ahead, and is to be synced before LevelDB opens the folder. */
  readonly unsynced: readonly string[];
}

/** What a stage has found out and not yet written. */
interface Stage {
  readonly pinned: PinnedVersion;
  /** The MANIFEST's, read before the version was. */
  readonly state: string | undefined;
  /** Undefined of a stage that was pinned ahead. */
  readonly planned?: PlannedStage;
}

interface PlannedStage {
  readonly request: StageRequest;
  readonly tail: readonly LoggedOperation[];
  readonly plan: VersionPlan<TableFile>;
  readonly cuts: readonly PlannedCut[];
  /** Incoming tables that are written anew, as their indexes in the plan; they come last among the jobs. */
  readonly rewritten: readonly number[];
  /** The first incoming table's. */
  readonly nextNumber: number;
}

interface PlannedCut {
  readonly step: SliceStep;
  /** File numbers of the outputs. */
  readonly numbers: readonly number[];
  readonly ahead: CutAhead | undefined;
}

/** Stages that have begun in this thread, by their folder: a version of 10,000 tables stays where it is. */
const stages = new Map<string, Stage>();

export interface PinAheadInput extends Pick<StageRequest, 'baseFolder' | 'nextFolder'> {
  /** What the incoming tables will be for: sorted and disjoint. */
  readonly spans: readonly Span[];
  /** As of a stage. */
  readonly purge?: readonly Span[] | undefined;
}

/**
 * Pins, in a folder that is made, what is the base's version now: most of it, or all, will be so at `beginStage`.
 * Gives the tables that are to be cut, if no incoming table comes to lie between two parts of one.
 */
export function pinAhead(
  fileSystem: FileSystem,
  input: PinAheadInput,
  checkCancelled: () => void,
): readonly CutJob[] {
  const { nextFolder, spans, purge = [] } = input;
  const { pinned } = pinBase(
    fileSystem,
    { ...input, leastLogNumber: 0 },
    checkCancelled,
    undefined,
  );
  const { slices } = planVersion(pinned.version, withoutTables(spans));
  return slices.map((step) => cutAheadJob(pinned, nextFolder, step, purge.length > 0));
}

export const pinAheadTask = defineTask('pinAhead', pinAhead);

/**
 * Begins to lay out a generation: pins the base's version and gives the tables that are to be cut; ends it
 * too where there are none. Undefined where there is no tail to be had: it is too long, or the base flushed
 * while it was to be read.
 */
export function beginStage(
  fileSystem: FileSystem,
  request: StageRequest,
  checkCancelled: () => void,
): BegunStage | undefined {
  const { baseFolder, nextFolder, incoming, leastLogNumber, purge = [], ahead = [] } = request;
  const spans = incoming.spans.map(({ span }) => span);
  const before = stages.get(nextFolder);
  const logs = request.withTail ? listShortLogs(fileSystem, baseFolder) : [];
  const pin = { baseFolder, nextFolder, spans, leastLogNumber };
  const based = pinBase(fileSystem, pin, checkCancelled, before);
  const { state } = based;
  if (logs === undefined) return undefined;
  const from = { folder: baseFolder, logs, version: based.pinned.version, stateBefore: state };
  const tail = request.withTail ? readTail(fileSystem, from, spans) : [];
  if (tail === undefined) return undefined;
  const { plan, pinned } = withPurge(
    fileSystem,
    nextFolder,
    planVersion(based.pinned.version, incoming.spans),
    based.pinned,
    purge,
  );
  const guesses = new CutsAhead(ahead);
  let { nextFileNumber: nextNumber } = pinned.version;
  const cuts = plan.slices.map((step): PlannedCut => {
    // The first part takes the old number, so that level 0 keeps its order (rule 11).
    const numbers = step.outputs.map((_, index) =>
      index === 0 ? step.table.number : nextNumber++,
    );
    return { step, numbers, ahead: guesses.take(nextFolder, step) };
  });
  guesses.removeOthers(fileSystem);
  const rewriting = purge.length === 0 ? [] : rewriteJobs(fileSystem, plan, nextFolder, nextNumber);
  const rewritten = rewriting.map(({ index }) => index);
  const planned = { request, tail, plan, cuts, rewritten, nextNumber };
  stages.set(nextFolder, { pinned, state, planned });
  const cutting = cuts
    .filter((cut) => cut.ahead === undefined)
    .map(({ step: { table, outputs }, numbers }): CutJob => {
      const parts = outputs.map((keep, index) => ({
        keep,
        path: `${nextFolder}/${tableFileName(numbers[index] ?? 0)}`,
      }));
      return cutJob(pinned, nextFolder, table, parts, purge.length > 0);
    });
  const jobs = [...cutting, ...rewriting.map(({ job }) => job)];
  if (jobs.length > 0) return { jobs };
  return { staged: finishStage(fileSystem, { nextFolder, outcomes: [] }, checkCancelled) };
}

export const beginStageTask = defineTask('beginStage', beginStage);

/** Pins the base's version, or what has changed of it. */
function pinBase(
  fileSystem: FileSystem,
  input: Omit<PinAheadInput, 'purge'> & Pick<StageRequest, 'leastLogNumber'>,
  checkCancelled: () => void,
  before: Stage | undefined,
): Stage {
  const { baseFolder, nextFolder, spans, leastLogNumber } = input;
  const state = manifestState(fileSystem, baseFolder);
  if (before !== undefined && state !== undefined && before.state === state) {
    checkFlushed(before.pinned.version, leastLogNumber, baseFolder);
    return before;
  }
  // What is linked and what is cut does not depend on what comes into the spans; how it is cut may.
  const empty = withoutTables(spans);
  const pinned = pinVersion(
    fileSystem,
    baseFolder,
    nextFolder,
    (version) => {
      const { links, slices } = planVersion(version, empty);
      return [
        ...links.map(({ table }) => ({ table, name: tableFileName(table.number) })),
        ...slices.map(({ table }) => ({ table, name: pinName(table) })),
      ];
    },
    checkCancelled,
    leastLogNumber,
    before?.pinned,
  );
  const stage = { pinned, state };
  stages.set(nextFolder, stage);
  return stage;
}

function withoutTables(spans: readonly Span[]) {
  return spans.map((span) => ({ span, runs: [] }));
}

export interface FinishStageInput {
  readonly nextFolder: string;
  /** Of the jobs that `beginStage` gave. */
  readonly outcomes: readonly TableOutcome[];
}

/** Writes the generation's MANIFEST; see the head of this file. */
export function finishStage(
  fileSystem: FileSystem,
  { nextFolder, outcomes }: FinishStageInput,
  checkCancelled: () => void,
): StagedGeneration {
  const { pinned, planned } = stages.get(nextFolder) ?? {};
  stages.delete(nextFolder);
  if (pinned === undefined || planned === undefined) throw new Error('no stage has begun here');
  const { request, tail, plan, cuts, rewritten } = planned;
  const { incoming, move } = request;
  const base = emptyTotals();
  const unsynced: string[] = [];
  const levels: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  for (const { level, table } of plan.links) {
    levels[level]?.push(table);
    addToTotals(base, pinned.placements.get(table.number) ?? 'linked', table.sizeBytes);
  }
  let nextOutcome = 0;
  for (const cut of cuts) {
    const { level, table: old } = cut.step;
    const outcome = cut.ahead?.outcome ?? outcomes[nextOutcome++];
    const placement = pinned.placements.get(old.number) ?? 'linked';
    for (const { table, origin, dataBytes } of tablesOf(cut, outcome, placement)) {
      levels[level]?.push(table);
      addToTotals(base, origin, dataBytes);
    }
    if (outcome?.kind === 'whole') {
      const path = `${nextFolder}/${tableFileName(old.number)}`;
      fileSystem.rename(pinPath(nextFolder, old), path);
    } else if (cut.ahead !== undefined) {
      const paths = cut.numbers.map((number) => `${nextFolder}/${tableFileName(number)}`);
      unsynced.push(...placeCutAhead(fileSystem, cut.ahead, paths));
    }
  }

  let { nextNumber } = planned;
  const spans = incoming.spans.map(emptyTotals);
  const toSync = new Set(request.unsynced);
  const rewrites = new Map(
    rewritten.map((index) => {
      const outcome = outcomes[nextOutcome++];
      if (outcome?.kind !== 'cut') throw new Error('a table was not cut');
      return [index, outcome.parts[0]] as const;
    }),
  );
  for (const [index, { level, table, spanIndex }] of plan.placed.entries()) {
    checkCancelled();
    const number = nextNumber++;
    if (rewrites.has(index)) {
      const cut = rewrites.get(index);
      if (cut === undefined) continue;
      levels[level]?.push({ number, ...boundsOf(cut) });
      const sum = spans[spanIndex];
      if (sum) addToTotals(sum, cut.origin, cut.dataBytes);
      continue;
    }
    const path = `${nextFolder}/${tableFileName(number)}`;
    const { sizeBytes, smallest, largest } = table;
    const isMoved = move === 'all' || (move === 'made' && !isTakenWhole(table));
    const origin = placeIncoming(fileSystem, table, path, isMoved);
    if (toSync.has(table.path)) unsynced.push(path);
    levels[level]?.push({ number, sizeBytes, smallest, largest });
    const totals = spans[spanIndex];
    if (totals) addToTotals(totals, origin, table.dataBytes ?? sizeBytes);
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
  // Unsynced: LevelDB's open replaces both files by its own, and those are synced with the folder.
  writeManifest(fileSystem, nextFolder, version, manifestNumber, 'unsynced');
  return {
    base,
    spans,
    tables: levels.reduce((count, tables) => count + tables.length, 0),
    lastSequence: version.lastSequence,
    tail,
    unsynced,
  };
}

export const finishStageTask = defineTask('finishStage', finishStage);

function boundsOf({ sizeBytes, smallest, largest }: Omit<TableEntry, 'number'>) {
  return { sizeBytes, smallest, largest };
}

/** Forgets a stage that will not be finished. */
export function discardStage(_: FileSystem, input: { readonly nextFolder: string }): void {
  stages.delete(input.nextFolder);
}

export const discardStageTask = defineTask('discardStage', discardStage);

/** A table of the next generation, made of one of the base's. */
interface CutBaseTable {
  readonly table: TableEntry;
  readonly origin: TableOrigin;
  readonly dataBytes: number;
}

function tablesOf(
  { step, numbers }: PlannedCut,
  outcome: TableOutcome | undefined,
  placement: TableOrigin,
): readonly CutBaseTable[] {
  if (outcome === undefined || outcome.kind === 'checked') throw new Error('a table was not cut');
  if (outcome.kind === 'whole') {
    const { number, sizeBytes } = step.table;
    const { smallest, largest } = outcome;
    const table = { number, sizeBytes, smallest, largest };
    return [{ table, origin: placement, dataBytes: sizeBytes }];
  }
  return outcome.parts.flatMap((part, index): CutBaseTable[] => {
    const number = numbers[index];
    if (part === undefined || number === undefined) return [];
    const { sizeBytes, smallest, largest, origin, dataBytes } = part;
    return [{ table: { number, sizeBytes, smallest, largest }, origin, dataBytes }];
  });
}

/** Such a table may be opened by its name, to be checked, while the commit goes on. */
function isTakenWhole({ origin }: TableFile): boolean {
  return origin === 'linked' || origin === 'copied';
}

function placeIncoming(
  fileSystem: FileSystem,
  table: TableFile,
  path: string,
  move: boolean,
): TableOrigin {
  const place = move ? moveOrCopy : linkOrCopy;
  const placement = place(fileSystem, table.path, path);
  return placement === 'copied' && table.origin === 'linked' ? 'copied' : table.origin;
}

function sortTables(tables: TableEntry[], level: number): TableEntry[] {
  return level === 0
    ? tables.sort((a, b) => a.number - b.number)
    : tables.sort((a, b) => compareBytes(userKeyOf(a.smallest), userKeyOf(b.smallest)));
}
