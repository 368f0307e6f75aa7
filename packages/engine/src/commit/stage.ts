// Lays out the next generation's directory (step 4 of a commit): tables outside the
// spans linked, tables inside left out, straddlers split, incoming tables placed, one MANIFEST.
//
// Two steps, in one session: link the base's version and plan what to split; put the splits' results
// together. While incoming tables are still being made, an earlier version is linked and split speculatively.
//
// The base is only read, its tables get further names, and some get bytes after their end (split-table.ts); a
// failure leaves a directory that the caller removes.
//
// Nothing is synced here. The caller syncs the tables, what LevelDB makes of the MANIFEST, the directory, and
// the parent before any CURRENT can name the directory.
import { compareBytes, type OriginTotals, type Span, type TableOrigin } from '@sstitch/contract';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import { linkOrCopy, moveOrCopy } from '../files/place-file.js';
import { tableFileName } from '../leveldb/file-names.js';
import { checkFlushed } from '../leveldb/flush.js';
import { type LinkedVersion, linkVersion } from '../leveldb/linked-version.js';
import { manifestState, type Version, writeManifest } from '../leveldb/manifest.js';
import { listShortLogs, readUnflushedLog } from '../leveldb/unflushed-log.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { LoggedOperation } from '../leveldb/write-batch.js';
import { addToTotals, emptyTotals } from '../tables/origin-totals.js';
import type { SplitJob, TableOutcome } from '../tables/table-jobs.js';
import type { TableFile, TableSet } from '../tables/table-set.js';
import type { SessionState } from '../threads/session.js';
import { defineTask } from '../threads/task.js';
import { planVersion, type SplitStep, type VersionPlan } from './plan.js';
import { rewriteJobs, withPurge } from './purge-plan.js';
import {
  linkName,
  linkPath,
  placeSpeculativeSplit,
  type SpeculativeSplit,
  SpeculativeSplits,
  speculativeSplitJob,
  splitJob,
} from './speculative-splits.js';

export interface StageRequest {
  /** Directory of the generation in force; its database may be open. */
  readonly baseDirectory: string;
  /** The next generation's directory, which is made. */
  readonly nextDirectory: string;
  readonly incoming: TableSet;
  /** What `flushGeneration` gave. */
  readonly leastLogNumber: number;
  /** Give what is in no table yet as operations; else `leastLogNumber` says that nothing is. */
  readonly withUnflushed: boolean;
  /** What was split since `prelink`. */
  readonly speculative?: readonly SpeculativeSplit[] | undefined;
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
  | { readonly jobs: readonly SplitJob[] }
  | { readonly staged: StagedGeneration };

export interface StagedGeneration {
  /** The base's tables in the next generation. */
  readonly base: OriginTotals;
  /** The incoming tables, one member a span. */
  readonly spans: readonly OriginTotals[];
  readonly tables: number;
  readonly lastSequence: number;
  /** What the base had logged and not yet in a table, outside the spans, in order. */
  readonly unflushed: readonly LoggedOperation[];
  /** A path of each new file: to be synced before LevelDB opens the directory. */
  readonly unsynced: readonly string[];
}

/** What a stage has found out and not yet written. */
interface Stage {
  readonly linked: LinkedVersion;
  readonly state: string | undefined;
  readonly planned?: PlannedStage;
}

interface PlannedStage {
  readonly request: StageRequest;
  readonly unflushed: readonly LoggedOperation[];
  readonly plan: VersionPlan<TableFile>;
  readonly splits: readonly PlannedSplit[];
  /** Incoming tables that are written anew, as their indexes in the plan; they come last among the jobs. */
  readonly rewritten: readonly number[];
  readonly nextNumber: number;
}

interface PlannedSplit {
  readonly step: SplitStep;
  /** File numbers of the outputs. */
  readonly numbers: readonly number[];
  readonly speculative: SpeculativeSplit | undefined;
}

/** What a stage keeps from step to step: a version of 10,000 tables is not copied between threads. */
export interface StageSession extends SessionState {
  stage?: Stage;
}

export interface PrelinkInput extends Pick<StageRequest, 'baseDirectory' | 'nextDirectory'> {
  /** What the incoming tables will be for: sorted and disjoint. */
  readonly spans: readonly Span[];
  readonly purge?: readonly Span[] | undefined;
}

/**
 * Makes the directory and links the base's version of now: at `beginStage` most of it, or all, is still right.
 * Returns the tables to split, if no incoming table comes to lie between two parts of one.
 */
export function prelink(
  fileSystem: FileSystem,
  input: PrelinkInput,
  checkCancelled: () => void,
  session: StageSession,
): readonly SplitJob[] {
  const { nextDirectory, spans, purge = [] } = input;
  const { linked } = linkBase(fileSystem, { ...input, leastLogNumber: 0 }, checkCancelled, session);
  const { splits } = planVersion(linked.version, withoutTables(spans));
  return splits.map((step) => speculativeSplitJob(linked, nextDirectory, step, purge.length > 0));
}

export const prelinkTask = defineTask('prelink', prelink);

/**
 * Begins to lay out a generation: links the base's version and gives the tables that are to be split; ends it
 * too where there are none. Undefined where there is no unflushed to be had: it is too long, or the base flushed
 * while it was to be read.
 */
export function beginStage(
  fileSystem: FileSystem,
  request: StageRequest,
  checkCancelled: () => void,
  session: StageSession,
): BegunStage | undefined {
  const {
    baseDirectory,
    nextDirectory,
    incoming,
    leastLogNumber,
    purge = [],
    speculative = [],
  } = request;
  const spans = incoming.spans.map(({ span }) => span);
  const logs = request.withUnflushed ? listShortLogs(fileSystem, baseDirectory) : [];
  const link = { baseDirectory, nextDirectory, spans, leastLogNumber };
  const based = linkBase(fileSystem, link, checkCancelled, session);
  const { state } = based;
  if (logs === undefined) return undefined;
  const from = {
    directory: baseDirectory,
    logs,
    version: based.linked.version,
    stateBefore: state,
  };
  const unflushed = request.withUnflushed ? readUnflushedLog(fileSystem, from, spans) : [];
  if (unflushed === undefined) return undefined;
  const { plan, linked } = withPurge(
    fileSystem,
    nextDirectory,
    planVersion(based.linked.version, incoming.spans),
    based.linked,
    purge,
  );
  const guesses = new SpeculativeSplits(speculative);
  let { nextFileNumber: nextNumber } = linked.version;
  const splits = plan.splits.map((step): PlannedSplit => {
    // The first part takes the old number, so that level 0 keeps its order (rule 11).
    const numbers = step.outputs.map((_, index) =>
      index === 0 ? step.table.number : nextNumber++,
    );
    return { step, numbers, speculative: guesses.take(nextDirectory, step) };
  });
  guesses.removeOthers(fileSystem);
  const rewriting =
    purge.length === 0 ? [] : rewriteJobs(fileSystem, plan, nextDirectory, nextNumber);
  const rewritten = rewriting.map(({ index }) => index);
  const planned = { request, unflushed, plan, splits, rewritten, nextNumber };
  session.stage = { linked, state, planned };
  const splitting = splits
    .filter((split) => split.speculative === undefined)
    .map(({ step: { table, outputs }, numbers }): SplitJob => {
      const parts = outputs.map((keep, index) => ({
        keep,
        path: `${nextDirectory}/${tableFileName(numbers[index] ?? 0)}`,
      }));
      return splitJob(linked, nextDirectory, table, parts, purge.length > 0);
    });
  const jobs = [...splitting, ...rewriting.map(({ job }) => job)];
  if (jobs.length > 0) return { jobs };
  const input = { nextDirectory, outcomes: [] };
  return { staged: finishStage(fileSystem, input, checkCancelled, session) };
}

export const beginStageTask = defineTask('beginStage', beginStage);

/** Links the base's version, or what has changed of it. */
function linkBase(
  fileSystem: FileSystem,
  input: Omit<PrelinkInput, 'purge'> & Pick<StageRequest, 'leastLogNumber'>,
  checkCancelled: () => void,
  session: StageSession,
): Stage {
  const { stage: before } = session;
  const { baseDirectory, nextDirectory, spans, leastLogNumber } = input;
  const state = manifestState(fileSystem, baseDirectory);
  if (before !== undefined && state !== undefined && before.state === state) {
    checkFlushed(before.linked.version, leastLogNumber, baseDirectory);
    return before;
  }
  // What is linked and what is split does not depend on what comes into the spans; how it is split may.
  const empty = withoutTables(spans);
  const linked = linkVersion(
    fileSystem,
    baseDirectory,
    nextDirectory,
    (version) => {
      const { links, splits } = planVersion(version, empty);
      return [
        ...links.map(({ table }) => ({ table, name: tableFileName(table.number) })),
        ...splits.map(({ table }) => ({ table, name: linkName(table) })),
      ];
    },
    checkCancelled,
    leastLogNumber,
    before?.linked,
  );
  session.stage = { linked, state };
  return session.stage;
}

function withoutTables(spans: readonly Span[]) {
  return spans.map((span) => ({ span, runs: [] }));
}

export interface FinishStageInput {
  readonly nextDirectory: string;
  /** Of the jobs that `beginStage` gave. */
  readonly outcomes: readonly TableOutcome[];
}

/** Writes the generation's MANIFEST; see the head of this file. */
export function finishStage(
  fileSystem: FileSystem,
  { nextDirectory, outcomes }: FinishStageInput,
  checkCancelled: () => void,
  { stage }: StageSession,
): StagedGeneration {
  const { linked, planned } = stage ?? {};
  if (linked === undefined || planned === undefined) throw new Error('no stage has begun here');
  const { request, unflushed, plan, splits, rewritten } = planned;
  const { incoming, move } = request;
  const base = emptyTotals();
  const unsynced: string[] = [];
  const levels: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  for (const { level, table } of plan.links) {
    levels[level]?.push(table);
    addToTotals(base, linked.placements.get(table.number) ?? 'linked', table.sizeBytes);
  }
  let nextOutcome = 0;
  for (const split of splits) {
    const { level, table: old } = split.step;
    const outcome = split.speculative?.outcome ?? outcomes[nextOutcome++];
    const placement = linked.placements.get(old.number) ?? 'linked';
    for (const { table, origin, dataBytes } of tablesOf(split, outcome, placement)) {
      levels[level]?.push(table);
      addToTotals(base, origin, dataBytes);
    }
    if (outcome?.kind === 'whole') {
      const path = `${nextDirectory}/${tableFileName(old.number)}`;
      fileSystem.rename(linkPath(nextDirectory, old), path);
    } else if (split.speculative !== undefined) {
      const paths = split.numbers.map((number) => `${nextDirectory}/${tableFileName(number)}`);
      unsynced.push(...placeSpeculativeSplit(fileSystem, split.speculative, paths));
    }
  }

  let { nextNumber } = planned;
  const spans = incoming.spans.map(emptyTotals);
  const toSync = new Set(request.unsynced);
  const rewrites = new Map(
    rewritten.map((index) => {
      const outcome = outcomes[nextOutcome++];
      if (outcome?.kind !== 'split') throw new Error('a table was not split');
      return [index, outcome.parts[0]] as const;
    }),
  );
  for (const [index, { level, table, spanIndex }] of plan.placed.entries()) {
    checkCancelled();
    const number = nextNumber++;
    if (rewrites.has(index)) {
      const split = rewrites.get(index);
      if (split === undefined) continue;
      levels[level]?.push({ number, ...boundsOf(split) });
      const sum = spans[spanIndex];
      if (sum) addToTotals(sum, split.origin, split.dataBytes);
      continue;
    }
    const path = `${nextDirectory}/${tableFileName(number)}`;
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
    // The directory holds no log: LevelDB's first will have the next number, above this one (rule 5).
    logNumber: manifestNumber,
    previousLogNumber: 0,
    nextFileNumber: nextNumber,
    lastSequence: Math.max(linked.version.lastSequence, incoming.lastSequence),
  };
  // Unsynced: LevelDB's open replaces both files by its own, and those are synced with the directory.
  writeManifest(fileSystem, nextDirectory, version, manifestNumber, 'unsynced');
  return {
    base,
    spans,
    tables: levels.reduce((count, tables) => count + tables.length, 0),
    lastSequence: version.lastSequence,
    unflushed,
    unsynced,
  };
}

export const finishStageTask = defineTask('finishStage', finishStage);

function boundsOf({ sizeBytes, smallest, largest }: Omit<TableEntry, 'number'>) {
  return { sizeBytes, smallest, largest };
}

/** A table of the next generation, made of one of the base's. */
interface SplitBaseTable {
  readonly table: TableEntry;
  readonly origin: TableOrigin;
  readonly dataBytes: number;
}

function tablesOf(
  { step, numbers }: PlannedSplit,
  outcome: TableOutcome | undefined,
  placement: TableOrigin,
): readonly SplitBaseTable[] {
  if (outcome === undefined || outcome.kind === 'checked') throw new Error('a table was not split');
  if (outcome.kind === 'whole') {
    const { number, sizeBytes } = step.table;
    const { smallest, largest } = outcome;
    const table = { number, sizeBytes, smallest, largest };
    return [{ table, origin: placement, dataBytes: sizeBytes }];
  }
  return outcome.parts.flatMap((part, index): SplitBaseTable[] => {
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
