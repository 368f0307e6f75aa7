// The work on single tables that a commit or an extract consists of, as jobs: each is independent of the
// others, so that both bulk threads share them.
import {
  checkTableStructure,
  compareBytes,
  type FileSystem,
  type RecordedTable,
  type Span,
  TableReader,
  userKeyOf,
  verifyTable,
} from '@sstitch/sst';
import { BULK_THREADS, inLanes } from '../workers/in-lanes.js';
import type { TaskRunner } from '../workers/task-runner.js';
import { type CutPart, type CutTable, cutTable } from './cut-table.js';
import { unlinkIfThere } from './place-file.js';

/** A table, under a name of its own in the folder that is made. */
export type TableJob =
  /** It is taken whole, if it is what was recorded of it. */
  | { readonly kind: 'check'; readonly path: string; readonly recorded: RecordedTable }
  /** The name goes when the parts are made. */
  | {
      readonly kind: 'cut';
      readonly path: string;
      readonly sizeBytes: number;
      readonly parts: readonly CutPart[];
      /** A table without an entry outside its one part is not cut. */
      readonly mayStayWhole: boolean;
    };

export type TableOutcome =
  | { readonly kind: 'checked' }
  /** Its bounds as they are: recorded ones may be wider, and reach into a hole. */
  | { readonly kind: 'whole'; readonly smallest: Uint8Array; readonly largest: Uint8Array }
  | { readonly kind: 'cut'; readonly parts: ReadonlyArray<CutTable | undefined> };

export interface TableJobsInput {
  readonly jobs: readonly TableJob[];
  /** See `cutTable`. */
  readonly narrowFromBytes: number;
  /** Read every table in full first. @defaultValue false */
  readonly verify?: boolean | undefined;
}

/** Does jobs, one after another, in a worker thread. */
export function doTableJobs(
  fileSystem: FileSystem,
  { jobs, narrowFromBytes, verify = false }: TableJobsInput,
  checkCancelled: () => void,
): TableOutcome[] {
  return jobs.map((job) => {
    checkCancelled();
    if (verify) verifyTable(fileSystem, job.path, { sizeBytes: sizeOf(job) });
    return doTableJob(fileSystem, job, narrowFromBytes);
  });
}

function sizeOf(job: TableJob): number | undefined {
  return job.kind === 'check' ? job.recorded.sizeBytes : job.sizeBytes;
}

function doTableJob(fileSystem: FileSystem, job: TableJob, narrowFromBytes: number): TableOutcome {
  if (job.kind === 'check') {
    checkTableStructure(fileSystem, job.path, job.recorded);
    return { kind: 'checked' };
  }
  const { path, sizeBytes, parts, mayStayWhole } = job;
  let outcome: TableOutcome;
  const reader = TableReader.open(fileSystem, path, { sizeBytes });
  try {
    const [only, ...others] = parts;
    const isOne = only !== undefined && others.length === 0;
    if (mayStayWhole && isOne && !hasEntriesBetween(reader, only.keep)) {
      return { kind: 'whole', smallest: reader.smallest(), largest: reader.largest() };
    }
    outcome = { kind: 'cut', parts: cutTable(fileSystem, reader, parts, narrowFromBytes) };
  } finally {
    reader.close();
  }
  unlinkIfThere(fileSystem, path);
  return outcome;
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

/** Jobs are dealt out in about as many portions: few enough to ask for, enough to end together. */
const PORTIONS = 8;

/** Has jobs done by both bulk threads; gives the outcomes in the order of the jobs. */
export async function shareTableJobs(
  runner: TaskRunner,
  { jobs, ...how }: TableJobsInput,
  signal: AbortSignal | undefined,
): Promise<TableOutcome[]> {
  const outcomes: TableOutcome[] = [];
  const size = Math.ceil(jobs.length / PORTIONS);
  const portions: number[] = [];
  for (let start = 0; start < jobs.length; start += size) portions.push(start);
  await inLanes(portions, BULK_THREADS, async (start) => {
    const portion = jobs.slice(start, start + size);
    const done = await runner.run('doTableJobs', { jobs: portion, ...how }, { signal });
    for (const [index, outcome] of done.entries()) outcomes[start + index] = outcome;
  });
  return outcomes;
}

/** A name of each file that was written to. */
export function filesMadeBy(
  jobs: readonly TableJob[],
  outcomes: readonly TableOutcome[],
): readonly string[] {
  return jobs.flatMap((job, index) => filesMadeByOne(job, outcomes[index]));
}

/** Narrowed parts share the file that they were cut from. */
function filesMadeByOne(job: TableJob, outcome: TableOutcome | undefined): readonly string[] {
  if (job.kind !== 'cut' || outcome?.kind !== 'cut') return [];
  const made = job.parts.flatMap(({ path }, index) => {
    const part = outcome.parts[index];
    return part === undefined ? [] : [{ path, origin: part.origin }];
  });
  const narrowed = made.findLast(({ origin }) => origin === 'narrowed');
  return made
    .filter((part) => part.origin === 'sliced' || part === narrowed)
    .map(({ path }) => path);
}
