// The jobs of a commit or an extract on single tables. Each is independent of the others, so that several threads run
// them.

import {
  checkTableStructure,
  type FileSystem,
  hasEntriesOutside,
  type RecordedTable,
  TableReader,
  verifyTable,
} from '@sstitch/sst';
import { blamingOrigins } from '../files/blame-file.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { holdsMore } from './purge-tables.js';
import { COPY_PARTS, type SplitPolicy } from './split-policy.js';
import { type SplitPart, type SplitTable, splitTable } from './split-table.js';

/** A job on a table that is linked into the directory being made. */
export type TableJob = CheckJob | SplitJob;

/** Checks a table that is taken as a whole. */
export interface CheckJob {
  readonly kind: 'check';
  readonly path: string;
  /** The path of the store's own file, which errors name. */
  readonly origin: string;
  readonly recorded: RecordedTable;
}

/** Splits a table. */
export interface SplitJob {
  readonly kind: 'split';
  readonly path: string;
  /** The path of the store's own file, which errors name. */
  readonly origin: string;
  readonly sizeBytes: number;
  readonly parts: readonly SplitPart[];
  /** Whether the table is the store's own, so that LevelDB reads it already. Others are checked in full or by seal. */
  readonly isOwn: boolean;
  /** Whether to leave the table whole if it has no entries outside its only part. */
  readonly mayStayWhole: boolean;
  /** Whether to copy each part, so that no file holds bytes outside its table (purge-tables.ts). */
  readonly purge: boolean;
  /** Whether to keep the link at `path`, which is removed otherwise. */
  readonly keepsLink: boolean;
}

/** The result of a job. */
export type TableOutcome =
  | { readonly kind: 'checked' }
  /** The table was not split. These are its exact bounds; recorded bounds may be wider and reach into a hole. */
  | { readonly kind: 'whole'; readonly smallest: Uint8Array; readonly largest: Uint8Array }
  | { readonly kind: 'split'; readonly parts: ReadonlyArray<SplitTable | undefined> };

/** Options of a job. */
export interface TableJobOptions {
  readonly policy: SplitPolicy;
  /** Whether to read the table in full first. @defaultValue false */
  readonly verify?: boolean | undefined;
}

/** Runs one job. */
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
  const { path, sizeBytes, parts, isOwn, purge, keepsLink } = job;
  const mayStayWhole = job.mayStayWhole && !(purge && holdsMore(fileSystem, job, sizeBytes));
  let outcome: TableOutcome;
  const validate = isOwn ? 'lazy' : 'checksum';
  const reader = TableReader.open(fileSystem, path, { sizeBytes, validate });
  try {
    const [only, ...others] = parts;
    const isOne = only !== undefined && others.length === 0;
    if (mayStayWhole && isOne && !hasEntriesOutside(reader, only.keep)) {
      return { kind: 'whole', smallest: reader.smallest(), largest: reader.largest() };
    }
    const effective = purge ? COPY_PARTS : policy;
    outcome = { kind: 'split', parts: splitTable(fileSystem, reader, parts, effective, held) };
  } finally {
    reader.close();
  }
  if (!keepsLink) unlinkIfThere(fileSystem, path);
  return outcome;
}

export interface RunJobsOptions extends TableJobOptions {
  /** Whether to let the threads' other work go first, between any two jobs. @defaultValue false */
  readonly background?: boolean | undefined;
}

/**
 * Runs jobs in worker threads and returns their outcomes in the order of the jobs.
 *
 * @param unsynced collects the files that were written, even if a job fails
 */
export async function runTableJobs(
  pool: WorkerPool,
  jobs: readonly TableJob[],
  unsynced: UnsyncedFiles,
  { policy, verify, background = false }: RunJobsOptions,
  signal: AbortSignal | undefined,
): Promise<TableOutcome[]> {
  const items = jobs.map((job) => ({ job, policy, verify }));
  const priority = background ? 'background' : 'normal';
  const onOutput = (output: WithUnsynced) => unsynced.takeFrom(output);
  const outputs = await pool.forEach(doTableJobTask, items, { signal, priority, onOutput });
  return outputs.map(({ outcome }) => outcome);
}
