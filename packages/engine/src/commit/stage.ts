// Lays out the next generation's directory (step 4 of a commit): tables outside the
// spans linked, tables inside left out, straddlers split, incoming tables placed, one MANIFEST.
//
// Two steps, in one session: link the base's version and plan what to split; put the splits' results
// together. While incoming tables are still being made, the base's version of then is linked; what has changed of it
// since is linked in the first step.
//
// The base is only read, its tables get further names, and some get bytes after their end (share-parts.ts); a
// failure leaves a directory that the caller removes.
//
// Nothing is synced here, but for copies. The caller syncs the files that splits have written, LevelDB what it makes
// of the MANIFEST; the caller syncs the directory, and the parent before any CURRENT can name the directory.
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
  /** Directory of the generation in force; its database may be open. */
  readonly baseDirectory: string;
  /** The next generation's directory, which is there. */
  readonly nextDirectory: string;
  /** What the incoming tables are for: sorted and disjoint. */
  readonly spans: readonly Span[];
}

export interface StageRequest extends Omit<PrelinkInput, 'spans'> {
  /** Undefined where `prelink` has them. */
  readonly spans: readonly Span[] | undefined;
  /** The incoming runs of each span, oldest first. */
  readonly incoming: ReadonlyArray<readonly TableRun[]>;
  /** The greatest sequence that an incoming entry can have. */
  readonly incomingSequence: number;
  /**
   * Incoming files to move instead of linking them, where they are this program's own: `made` are those that are
   * not taken whole, whose names nothing else needs any more.
   */
  readonly move: 'none' | 'made' | 'all';
  /** Where no file may hold bytes of anything but its table; see purge-tables.ts. @defaultValue nowhere */
  readonly purge?: readonly Span[] | undefined;
  /** Whether incoming tables that share a file are written anew. @defaultValue false */
  readonly rewriteShared?: boolean | undefined;
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
}

/** The base's version, linked, and what becomes of its tables. */
interface LinkedBase {
  readonly linked: LinkedVersion;
  readonly plan: BasePlan;
  /** What `manifestState` gave before the version was read. */
  readonly state: string | undefined;
}

interface PlannedStage {
  readonly request: StageRequest;
  readonly linked: LinkedVersion;
  readonly unflushed: readonly LoggedOperation[];
  readonly plan: VersionPlan<TableFile>;
  /** File numbers of the outputs of each split. */
  readonly splitNumbers: ReadonlyArray<readonly number[]>;
  /** Incoming tables that are written anew, as their indexes in the plan; they come last among the jobs. */
  readonly rewritten: readonly number[];
  readonly nextNumber: number;
}

/** What a stage keeps from step to step: a version of 10,000 tables is not copied between threads. */
export interface StageSession extends SessionState {
  spans?: readonly Span[];
  base?: LinkedBase;
  request?: StageRequest;
  planned?: PlannedStage;
}

/** Links the base's version of now, while the incoming tables are made: most of it, or all, is still right later. */
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
 * Begins to lay out a generation: links the base's version and returns the jobs that split its tables; ends it
 * too where there are none. Undefined where the base's log cannot be replayed: it is too long, or the base flushed
 * while it was to be read. `beginFlushedStage` does without it.
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

/** As `beginStage`, with its request, once the base's log is in tables. */
function beginFlushedStage(
  fileSystem: FileSystem,
  /** What `flushGeneration` returned. */
  { leastLogNumber }: { readonly leastLogNumber: number },
  checkCancelled: () => void,
  session: StageSession,
): BegunStage {
  const { request, spans } = session;
  if (request === undefined || spans === undefined) throw new Error('no stage has begun here');
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
  // The first part takes the old number, so that level 0 keeps its order (rule 11).
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

/** Links the base's version, or what has changed of it, and plans what becomes of it. */
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
  /** Of the jobs that `beginStage` gave. */
  readonly outcomes: readonly TableOutcome[];
}

/** Writes the generation's MANIFEST; see the head of this file. */
export function finishStage(
  fileSystem: FileSystem,
  { outcomes }: FinishStageInput,
  checkCancelled: () => void,
  { planned }: StageSession,
): StagedGeneration {
  if (planned === undefined) throw new Error('no stage has begun here');
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
    const isMoved = move === 'all' || (move === 'made' && !isTakenWhole(table));
    const origin = placeIncoming(fileSystem, table, path, isMoved);
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
    lastSequence: Math.max(linked.version.lastSequence, request.incomingSequence),
  };
  // Unsynced: LevelDB's open replaces both files by its own, which it syncs.
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

/** A table of the next generation, made of one of the base's. */
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
