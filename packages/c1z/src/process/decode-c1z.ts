// Opens a .c1z file of either format. Runs in the reader process; tests run it in their own process.
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeStream } from '../envelope/decode-zstd.js';
import type { InputFile } from '../envelope/input-range.js';
import { zoneOf } from '../format1/zones.js';
import { type C1zFormat, MAGIC_BYTES } from '../magic.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import { appendToPrivateFile, newPrivateFile } from '../private-file.js';
import type { RecordPage } from '../record-pages.js';
import type { PageAsked, SyncContents } from '../sync-contents.js';

/** A request to the reader process: first to open a file, then for pages and counts. */
export type ReaderRequest =
  | ReaderTask
  | ({ readonly kind: 'page' } & PageAsked)
  | { readonly kind: 'count'; readonly syncId: string };

export interface ReaderTask {
  readonly kind: 'open';
  readonly path: string;
  readonly format: C1zFormat;
  readonly fileBytes: number;
  /** An empty directory for decoded data. */
  readonly directory: string;
  /** The option `zone`. */
  readonly zone: string | undefined;
  readonly limits: C1zLimits;
}

/** The reply to a task. */
export interface OpenedContents {
  readonly decodedBytes: number;
  readonly engine: string;
  readonly syncRuns: RecordPage;
}

const DATABASE_FILE = 'sync.db';

/**
 * Opens the contents of a file, after loading only the module that its format needs (SQLite as WebAssembly, or
 * the native Snappy): each takes as long to load as thousands of records to read.
 * @param fileDescriptor the descriptor of the .c1z file, which must stay open while the contents are read
 * @throws C1zError
 */
export async function decodeC1z(
  task: ReaderTask,
  fileDescriptor: number,
  onProgress: (progress: C1zProgress) => void | Promise<void>,
): Promise<SyncContents> {
  const file: InputFile = { fileDescriptor, path: task.path, fileBytes: task.fileBytes };
  if (task.format === 1) return openRows(task, file, onProgress);
  const { DatabaseContents } = await import('../format3/database-contents.js');
  return DatabaseContents.open(file, task.directory, task.limits, onProgress);
}

async function openRows(
  { path, fileBytes, directory, zone, limits }: ReaderTask,
  file: InputFile,
  onProgress: (progress: C1zProgress) => void | Promise<void>,
): Promise<SyncContents> {
  const databasePath = join(directory, DATABASE_FILE);
  const source = { file, part: undefined, start: MAGIC_BYTES, end: fileBytes };
  const target = newPrivateFile(databasePath, path);
  let decodedBytes: number;
  try {
    const write = (bytes: Uint8Array) => appendToPrivateFile(target, bytes, path);
    decodedBytes = await decodeStream(source, write, limits, onProgress);
  } finally {
    closeSync(target);
  }
  await onProgress({ step: 'checking', encodedBytes: fileBytes, decodedBytes });
  const { SyncDatabase } = await import('../format1/sync-database.js');
  const { RowContents } = await import('../format1/row-contents.js');
  const database = SyncDatabase.open(databasePath, path, limits);
  return new RowContents(database, path, decodedBytes, zoneOf(zone));
}
