// The work on single tables that a commit or an extract consists of, as jobs: each is independent of the
// others, so that several threads share them.

import { compareBytes, type Span } from '@sstitch/contract';
import {
  checkTableStructure,
  type FileSystem,
  type RecordedTable,
  TableReader,
  userKeyOf,
  verifyTable,
} from '@sstitch/sst';
import { seekKeyOf, TRAILER_BYTES } from '@sstitch/sst/file-format';
import { blamingOrigins } from '../files/blame-file.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { holdsMore } from './purge-tables.js';
import { COPY_PARTS, type SplitPolicy } from './split-policy.js';
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

export interface TableJobOptions {
  readonly policy: SplitPolicy;
  /** Read every table in full first. @defaultValue false */
  readonly verify?: boolean | undefined;
}

/** Does one job. */
export function doTableJob(
  fileSystem: FileSystem,
  { job, policy, verify = false }: TableJobOptions & { readonly job: TableJob },
): WithUnsynced & { readonly outcome: TableOutcome } {
  const work = (held: HeldFiles) => {
    if (verify) verifyTable(fileSystem, job.path, { sizeBytes: sizeOf(job) });
    return job.kind === 'check'
      ? checkTable(fileSystem, job)
      : splitOrKeep(fileSystem, job, policy, held);
  };
  return blamingOrigins([job], () => holdingFiles(fileSystem, (held) => ({ outcome: work(held) })));
}

export const doTableJobTask = defineTask('doTableJob', doTableJob);

function sizeOf(job: TableJob): number | undefined {
  return job.kind === 'check' ? job.recorded.sizeBytes : job.sizeBytes;
}

function checkTable(fileSystem: FileSystem, { path, recorded }: CheckJob): TableOutcome {
  checkTableStructure(fileSystem, path, recorded);
  return { kind: 'checked' };
}

function splitOrKeep(
  fileSystem: FileSystem,
  job: SplitJob,
  policy: SplitPolicy,
  held: HeldFiles,
): TableOutcome {
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
    const how = purge ? COPY_PARTS : policy;
    outcome = { kind: 'split', parts: splitTable(fileSystem, reader, parts, how, held) };
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

export interface SharedJobsOptions extends TableJobOptions {
  /** Let other work of the threads go first, between any two jobs. @defaultValue false */
  readonly background?: boolean | undefined;
}

/**
 * Has jobs done in worker threads; returns the outcomes in the order of the jobs.
 *
 * @param unsynced takes the files that were written, of jobs that were done before one failed too
 */
export async function shareTableJobs(
  pool: WorkerPool,
  jobs: readonly TableJob[],
  unsynced: UnsyncedFiles,
  { policy, verify, background = false }: SharedJobsOptions,
  signal: AbortSignal | undefined,
): Promise<TableOutcome[]> {
  const items = jobs.map((job) => ({ job, policy, verify }));
  const priority = background ? 'background' : 'normal';
  const onOutput = (output: WithUnsynced) => unsynced.takeFrom(output);
  const outputs = await pool.forEach(doTableJobTask, items, { signal, priority, onOutput });
  return outputs.map(({ outcome }) => outcome);
}
