// Lays out the next generation's directory (step 4 of a commit): links the tables outside the spans, leaves out those
// inside, splits those that straddle a bound, places the incoming tables, and writes a MANIFEST.
//
// It runs in one session of a worker thread:
//
//   prelink       link the base's version while the incoming tables are made; optional
//   begin         link the base's version, or what has changed since prelink, and plan the splits
//   (the caller runs the splits)
//   finish        place the results and the incoming tables, and write the MANIFEST
//
// The base is read, its files get further links, and some get bytes appended (tables/share-parts.ts). On failure the
// caller removes the directory.
//
// Only copies are fsynced here. The caller fsyncs the files that splits wrote, the directory, and its parent before
// CURRENT can name the directory. LevelDB replaces the MANIFEST and fsyncs its own.
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
import type { TableFile, TableRun } from '../tables/table-set.js';
import type { SessionState } from '../threads/session.js';
import { defineTask } from '../threads/task.js';
import { type BasePlan, planBase, planIncoming, type SplitStep, type VersionPlan } from './plan.js';
import { rewriteJobs, withPurge } from './purge-plan.js';
import { linkName, linkPath, splitJob } from './split-jobs.js';

export interface PrelinkInput {
  /** The directory of the current generation, whose database may be open. */
  readonly baseDirectory: string;
  /** The directory of the next generation, which exists. */
  readonly nextDirectory: string;
  /** The spans to replace, sorted and disjoint. */
  readonly spans: readonly Span[];
}

/** Input of `beginStage`. */
export interface StageRequest extends Omit<PrelinkInput, 'spans'> {
  /** Undefined if `prelink` was given them. */
  readonly spans: readonly Span[] | undefined;
  /** The incoming runs of each span, oldest first. */
  readonly incoming: ReadonlyArray<readonly TableRun[]>;
  /** An upper bound of the incoming entries' sequence numbers. */
  readonly incomingSequence: number;
  /**
   * Which incoming files to move instead of linking. `made` moves the files that this program wrote; linked and copied
   * tables keep their names, as they may still be checked.
   */
  readonly move: 'none' | 'made' | 'all';
  /** The ranges in which files may hold nothing but their table; see tables/purge-tables.ts. @defaultValue none */
  readonly purge?: readonly Span[] | undefined;
  /** Whether incoming tables that share a file are rewritten. @defaultValue false */
  readonly rewriteShared?: boolean | undefined;
}

/** The splits that remain or, if there are none, the finished stage. */
export type BegunStage =
  | { readonly jobs: readonly SplitJob[] }
  | { readonly staged: StagedGeneration };

/** The generation that a stage laid out. */
export interface StagedGeneration {
  /** The base's tables in the next generation. */
  readonly base: OriginTotals;
  /** The incoming tables of each span. */
  readonly spans: readonly OriginTotals[];
  readonly tables: number;
  readonly lastSequence: number;
  /** The operations outside the spans that are in the base's log but in none of its tables, in order. */
  readonly unflushed: readonly LoggedOperation[];
}

/** The base's version, linked, and the plan for its tables. */
interface LinkedBase {
  readonly linked: LinkedVersion;
  readonly plan: BasePlan;
  /** What `manifestState` returned before the version was read. */
  readonly state: string | undefined;
}

interface PlannedStage {
  readonly request: StageRequest;
  readonly linked: LinkedVersion;
  readonly unflushed: readonly LoggedOperation[];
  readonly plan: VersionPlan<TableFile>;
  /** File numbers of the outputs of each split. */
  readonly splitNumbers: ReadonlyArray<readonly number[]>;
  /** The incoming tables that are rewritten, as indexes into the plan. Their jobs come last. */
  readonly rewritten: readonly number[];
  readonly nextNumber: number;
}

/** The state that a stage keeps in its thread, so that large versions are not copied between threads. */
export interface StageSession extends SessionState {
  spans?: readonly Span[];
  base?: LinkedBase;
  request?: StageRequest;
  planned?: PlannedStage;
}

/** Links the base's version while the incoming tables are made. Most of it usually remains valid for `beginStage`. */
export function prelink(
  fileSystem: FileSystem,
  input: PrelinkInput,
  checkCancelled: () => void,
  session: StageSession,
): void {
  session.spans = input.spans;
  linkBase(fileSystem, { ...input, leastLogNumber: 0 }, checkCancelled, session);
}

export const prelinkTask = defineTask('prelink', prelink);

/**
 * Links the base's version and returns the jobs that split its tables. If there are none, finishes the stage.
 *
 * @returns undefined if the base's log cannot be replayed: it is too long, or the base flushed its memtable
 * meanwhile. The caller then flushes the base and calls `beginFlushedStage`.
 */
export function beginStage(
  fileSystem: FileSystem,
  request: StageRequest,
  checkCancelled: () => void,
  session: StageSession,
): BegunStage | undefined {
  session.request = request;
  session.spans = request.spans ?? session.spans ?? [];
  const { baseDirectory, nextDirectory } = request;
  const { spans } = session;
  const logs = listShortLogs(fileSystem, baseDirectory);
  const link = { baseDirectory, nextDirectory, spans, leastLogNumber: 0 };
  const base = linkBase(fileSystem, link, checkCancelled, session);
  if (logs === undefined) return undefined;
  const { version } = base.linked;
  const from = { directory: baseDirectory, logs, version, stateBefore: base.state };
  const unflushed = readUnflushedLog(fileSystem, from, spans);
  if (unflushed === undefined) return undefined;
  return planStage(fileSystem, { request, base, unflushed }, checkCancelled, session);
}

export const beginStageTask = defineTask('beginStage', beginStage);

/**
 * Does the work of `beginStage`, with the request that it was given, after the base was flushed.
 *
 * @param input `leastLogNumber` is what `flushGeneration` returned
 */
function beginFlushedStage(
  fileSystem: FileSystem,
  { leastLogNumber }: { readonly leastLogNumber: number },
  checkCancelled: () => void,
  session: StageSession,
): BegunStage {
  const { request, spans } = session;
  if (request === undefined || spans === undefined) throw new Error('beginStage was not called');
  const link = { ...request, spans, leastLogNumber };
  const base = linkBase(fileSystem, link, checkCancelled, session);
  return planStage(fileSystem, { request, base, unflushed: [] }, checkCancelled, session);
}

export const beginFlushedStageTask = defineTask('beginFlushedStage', beginFlushedStage);

interface StageBasis extends Pick<PlannedStage, 'request' | 'unflushed'> {
  readonly base: LinkedBase;
}

function planStage(
  fileSystem: FileSystem,
  { request, base, unflushed }: StageBasis,
  checkCancelled: () => void,
  session: StageSession,
): BegunStage {
  const { nextDirectory, purge = [], rewriteShared = false } = request;
  const { plan, linked } = withPurge(
    fileSystem,
    nextDirectory,
    planIncoming(base.plan, request.incoming),
    base.linked,
    purge,
  );
  let { nextFileNumber: nextNumber } = linked.version;
  // The first part keeps the table's number, so that level 0 keeps its order (rule 11).
  const splitNumbers = plan.splits.map(({ table, outputs }) =>
    outputs.map((_, index) => (index === 0 ? table.number : nextNumber++)),
  );
  const rewriting =
    purge.length > 0 || rewriteShared
      ? rewriteJobs(fileSystem, plan, nextDirectory, nextNumber)
      : [];
  const rewritten = rewriting.map(({ index }) => index);
  session.planned = { request, linked, unflushed, plan, splitNumbers, rewritten, nextNumber };
  const splitting = plan.splits.map(({ table, outputs }, split): SplitJob => {
    const parts = outputs.map((keep, index) => ({
      keep,
      path: `${nextDirectory}/${tableFileName(splitNumbers[split]?.[index] ?? 0)}`,
    }));
    return splitJob(linked, nextDirectory, table, parts, purge.length > 0);
  });
  const jobs = [...splitting, ...rewriting.map(({ job }) => job)];
  if (jobs.length > 0) return { jobs };
  return { staged: finishStage(fileSystem, { outcomes: [] }, checkCancelled, session) };
}

/** Links the base's version, or what has changed since `prelink`, and plans its links and splits. */
function linkBase(
  fileSystem: FileSystem,
  input: PrelinkInput & { readonly leastLogNumber: number },
  checkCancelled: () => void,
  session: StageSession,
): LinkedBase {
  const { base: before } = session;
  const { baseDirectory, nextDirectory, spans, leastLogNumber } = input;
  const state = manifestState(fileSystem, baseDirectory);
  if (before !== undefined && state !== undefined && before.state === state) {
    checkFlushed(before.linked.version, leastLogNumber, baseDirectory);
    return before;
  }
  let plan: BasePlan = { links: [], straddling: [] };
  const linked = linkVersion(
    fileSystem,
    baseDirectory,
    nextDirectory,
    (version) => {
      plan = planBase(version, spans);
      return [
        ...plan.links.map(({ table }) => ({ table, name: tableFileName(table.number) })),
        ...plan.straddling.map(({ table }) => ({ table, name: linkName(table) })),
      ];
    },
    checkCancelled,
    leastLogNumber,
    before?.linked,
  );
  session.base = { linked, plan, state };
  return session.base;
}

export interface FinishStageInput {
  /** The outcomes of the jobs that `beginStage` returned, in order. */
  readonly outcomes: readonly TableOutcome[];
}

/** Places all tables and writes the generation's MANIFEST. */
export function finishStage(
  fileSystem: FileSystem,
  { outcomes }: FinishStageInput,
  checkCancelled: () => void,
  { planned }: StageSession,
): StagedGeneration {
  if (planned === undefined) throw new Error('beginStage was not called');
  const { request, linked, unflushed, plan, splitNumbers, rewritten } = planned;
  const { nextDirectory, incoming, move } = request;
  const base = emptyTotals();
  const levels: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  for (const { level, table } of plan.links) {
    levels[level]?.push(table);
    addToTotals(base, linked.placements.get(table.number) ?? 'linked', table.sizeBytes);
  }
  let nextOutcome = 0;
  for (const [index, step] of plan.splits.entries()) {
    const outcome = outcomes[nextOutcome++];
    const placement = linked.placements.get(step.table.number) ?? 'linked';
    for (const made of tablesOf(step, splitNumbers[index] ?? [], outcome, placement)) {
      levels[step.level]?.push(made.table);
      addToTotals(base, made.origin, made.dataBytes);
    }
    if (outcome?.kind !== 'whole') continue;
    const path = `${nextDirectory}/${tableFileName(step.table.number)}`;
    fileSystem.rename(linkPath(nextDirectory, step.table), path);
  }

  let { nextNumber } = planned;
  const spans = incoming.map(emptyTotals);
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
    const isMoved = move === 'all' || (move === 'made' && !isLinkedOrCopied(table));
    const origin = placeIncoming(fileSystem, table, path, isMoved);
    levels[level]?.push({ number, sizeBytes, smallest, largest });
    const totals = spans[spanIndex];
    if (totals) addToTotals(totals, origin, table.dataBytes ?? sizeBytes);
  }

  checkCancelled();
  const manifestNumber = nextNumber++;
  const version: Version = {
    levels: levels.map((tables, level) => sortTables(tables, level)),
    // The directory holds no log. LevelDB's first log gets the next number, which is above this one (rule 5).
    logNumber: manifestNumber,
    previousLogNumber: 0,
    nextFileNumber: nextNumber,
    lastSequence: Math.max(linked.version.lastSequence, request.incomingSequence),
  };
  // Unsynced: LevelDB's open replaces MANIFEST and CURRENT by its own, which it fsyncs.
  writeManifest(fileSystem, nextDirectory, version, manifestNumber, 'unsynced');
  return {
    base,
    spans,
    tables: levels.reduce((count, tables) => count + tables.length, 0),
    lastSequence: version.lastSequence,
    unflushed,
  };
}

export const finishStageTask = defineTask('finishStage', finishStage);

function boundsOf({ sizeBytes, smallest, largest }: Omit<TableEntry, 'number'>) {
  return { sizeBytes, smallest, largest };
}

/** A table of the next generation that was split from one of the base. */
interface SplitBaseTable {
  readonly table: TableEntry;
  readonly origin: TableOrigin;
  readonly dataBytes: number;
}

function tablesOf(
  step: SplitStep,
  numbers: readonly number[],
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

/** Whether an incoming table is a link or a copy. Such a table may be checked, by its name, during the commit. */
function isLinkedOrCopied({ origin }: TableFile): boolean {
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
