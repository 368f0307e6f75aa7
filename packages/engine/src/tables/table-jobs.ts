// The work on single tables that a commit or an extract consists of, as jobs: each is independent of the
// others, so that both bulk threads share them.

import { compareBytes, type Span } from '@sstitch/contract';
import {
  checkTableStructure,
  type FileSystem,
  type RecordedTable,
  seekKeyOf,
  TableReader,
  TRAILER_BYTES,
  userKeyOf,
  verifyTable,
} from '@sstitch/sst';
import { blamingOrigins } from '../files/blame-file.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { unlinkIfThere } from '../files/place-file.js';
import { BULK_THREADS } from '../threads/in-lanes.js';
import {
  hasRest,
  type SharedList,
  sharedList,
  takeEach,
  takeRest,
} from '../threads/shared-list.js';
import { defineTask } from '../threads/task.js';
import type { TaskRunner } from '../threads/task-runner.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import { holdsMore } from './purge-tables.js';
import { type SplitPart, type SplitTable, splitTable } from './split-table.js';

/** A table, under a name of its own in the directory that is made. */
export type TableJob =
  /** It is taken whole, if it is what was recorded of it. */
  CheckJob | SplitJob;

export interface CheckJob {
  readonly kind: 'check';
  readonly path: string;
  /** The file in the store that the table is of: errors name it. */
  readonly origin: string;
  readonly recorded: RecordedTable;
}

export interface SplitJob {
  readonly kind: 'split';
  readonly path: string;
  /** As of a check. */
  readonly origin: string;
  readonly sizeBytes: number;
  readonly parts: readonly SplitPart[];
  /** LevelDB reads the table as it is: only what comes in is checked whole, or by its seal. */
  readonly isInForce: boolean;
  /** A table without an entry outside its one part is not split. */
  readonly mayStayWhole: boolean;
  /** Leave no byte behind that is in no part: each gets a file of its own (purge-tables.ts). */
  readonly purge: boolean;
  /** The name stays, for its caller to remove; else it goes when the parts are made. */
  readonly keepsName: boolean;
}

export type TableOutcome =
  | { readonly kind: 'checked' }
  /** Its bounds as they are: recorded ones may be wider, and reach into a hole. */
  | { readonly kind: 'whole'; readonly smallest: Uint8Array; readonly largest: Uint8Array }
  | { readonly kind: 'split'; readonly parts: ReadonlyArray<SplitTable | undefined> };

export interface TableJobsInput {
  readonly jobs: SharedList<TableJob>;
  /** The most jobs to do now. */
  readonly atMost: number;
  /** See `splitTable`. */
  readonly shareFromBytes: number;
  /** Read every table in full first. @defaultValue false */
  readonly verify?: boolean | undefined;
  /** End when other work waits for the thread. @defaultValue false */
  readonly background?: boolean | undefined;
}

export interface TableJobsOutput extends WithUnsynced {
  /** By the indexes of their jobs. */
  readonly outcomes: ReadonlyMap<number, TableOutcome>;
}

/** Does jobs that no other thread takes. */
export function doTableJobs(
  fileSystem: FileSystem,
  { jobs, atMost, shareFromBytes, verify = false, background = false }: TableJobsInput,
  checkCancelled: () => void,
  shouldYield: () => boolean,
): TableJobsOutput {
  return holdingFiles(fileSystem, (held) => {
    const outcomes = new Map<number, TableOutcome>();
    try {
      for (const [index, job] of takeEach(jobs)) {
        checkCancelled();
        const outcome = blamingOrigins([job], () => {
          if (verify) verifyTable(fileSystem, job.path, { sizeBytes: sizeOf(job) });
          return doTableJob(fileSystem, job, shareFromBytes, held);
        });
        outcomes.set(index, outcome);
        if (outcomes.size === atMost || (background && shouldYield())) break;
      }
    } catch (error) {
      takeRest(jobs);
      throw error;
    }
    return { outcomes };
  });
}

export const doTableJobsTask = defineTask('doTableJobs', doTableJobs);

function sizeOf(job: TableJob): number | undefined {
  return job.kind === 'check' ? job.recorded.sizeBytes : job.sizeBytes;
}

function doTableJob(
  fileSystem: FileSystem,
  job: TableJob,
  shareFromBytes: number,
  held: HeldFiles,
): TableOutcome {
  if (job.kind === 'check') {
    checkTableStructure(fileSystem, job.path, job.recorded);
    return { kind: 'checked' };
  }
  const { path, sizeBytes, parts, isInForce, purge, keepsName } = job;
  const mayStayWhole = job.mayStayWhole && !(purge && holdsMore(fileSystem, job, sizeBytes));
  let outcome: TableOutcome;
  const validate = isInForce ? 'lazy' : 'checksum';
  const reader = TableReader.open(fileSystem, path, { sizeBytes, validate });
  try {
    const [only, ...others] = parts;
    const isOne = only !== undefined && others.length === 0;
    if (mayStayWhole && isOne && !hasEntriesBetween(reader, only.keep)) {
      return { kind: 'whole', smallest: reader.smallest(), largest: reader.largest() };
    }
    const narrowFrom = purge ? Number.POSITIVE_INFINITY : shareFromBytes;
    outcome = { kind: 'split', parts: splitTable(fileSystem, reader, parts, narrowFrom, held) };
  } finally {
    reader.close();
  }
  if (!keepsName) unlinkIfThere(fileSystem, path);
  return outcome;
}

/**
 * Whether a table has entries that none of the spans holds. A gap that holds a block whole is told by the index:
 * a block that nothing is kept of is not read, and may be damaged.
 */
function hasEntriesBetween(reader: TableReader, keep: readonly Span[]): boolean {
  const { index } = reader.parts;
  const blockOf = (userKey: Uint8Array) =>
    index.find(seekKeyOf(userKey), userKey.length + TRAILER_BYTES);
  const entries = reader.iterator();
  let gapStart: Uint8Array | undefined = new Uint8Array(0);
  // The first block whose keys may all lie in the gap.
  let firstInGap = 0;
  for (const { start, end } of keep) {
    if (blockOf(start) > firstInGap) return true;
    entries.seekUserKey(gapStart);
    if (!entries.valid) return false;
    if (compareBytes(userKeyOf(entries.key), start) < 0) return true;
    if (end === undefined) return false;
    gapStart = end;
    // The one in which the span ends may hold keys of it.
    firstInGap = blockOf(end) + 1;
  }
  if (firstInGap < index.blockCount) return true;
  entries.seekUserKey(gapStart);
  return entries.valid;
}

/** A thread is another store's in between; one job takes about half a millisecond. */
const JOBS_AT_ONCE = 32;

export interface SharedJobsOptions extends Pick<TableJobsInput, 'shareFromBytes' | 'verify'> {
  /** Let other work of the threads go first, between any two jobs. @defaultValue false */
  readonly background?: boolean | undefined;
}

/**
 * Has jobs done by both bulk threads; gives the outcomes in the order of the jobs.
 *
 * @param unsynced takes the files that were written, of jobs that were done before one failed too
 */
export async function shareTableJobs(
  runner: TaskRunner,
  jobs: readonly TableJob[],
  unsynced: UnsyncedFiles,
  { shareFromBytes, verify, background = false }: SharedJobsOptions,
  signal: AbortSignal | undefined,
): Promise<TableOutcome[]> {
  const atMost = verify ? 1 : JOBS_AT_ONCE;
  const input = { shareFromBytes, verify, background, jobs: sharedList(jobs), atMost };
  const outcomes: TableOutcome[] = [];
  const work = async () => {
    do {
      const done = await runner.run(doTableJobsTask, input, { signal, background });
      for (const [index, outcome] of unsynced.takeFrom(done).outcomes) outcomes[index] = outcome;
    } while (hasRest(input.jobs));
  };
  const threads = Array.from({ length: Math.min(BULK_THREADS, jobs.length) }, work);
  // All of them: a caller may remove what was worked on.
  const ends = await Promise.allSettled(threads);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return outcomes;
}
