// Writes a .c1z file. A separate process does the work; this side converts batches to pages of bytes, and
// renames the complete file.
import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RecordBatch, SyncSink } from '@sstitch/records';
import { removeTemporary, temporaryFileIn } from '@sstitch/records/temporary-files';
import { aborted, C1zError, messageOf } from './errors.js';
import type { WriterRequest } from './process/open-writer.js';
import { WorkerProcess } from './process/worker-process.js';
import { RecordPageBuilder } from './record-pages.js';
import type { C1zWriteProgress, WrittenC1z } from './sync-writer.js';
import { makeTemporaryDirectory } from './temporary-directory.js';
import { type C1zWriteOptions, checkWriteOptions } from './write-options.js';

/** Writes a .c1z file. The file has its name only after `finish` has fulfilled. */
export interface C1zWriter extends SyncSink<WrittenC1z> {
  /** The path that the file gets when `finish` has fulfilled. */
  readonly path: string;
  /**
   * Adds records in any order. Every sync needs its run among them, and each record may be added once.
   * @throws C1zError SSTITCH_C1Z_NOT_REPRESENTABLE, SSTITCH_FILE_OPERATION, SSTITCH_C1Z_WRITER_FAILED,
   * SSTITCH_C1Z_CLOSED, SSTITCH_ABORTED. The error may be that of an earlier batch; nothing can be added after it
   * @throws RecordsError SSTITCH_RECORD_INVALID if a record of the batch cannot be encoded
   */
  add(batch: RecordBatch): Promise<void>;
  /**
   * Writes the file to stable storage under its name, replacing an existing file.
   * @throws C1zError as in `add`
   */
  finish(): Promise<WrittenC1z>;
  /** Ends the writing. May be called twice. */
  close(): Promise<void>;
}

const DIRECTORY_PREFIX = 'sstitch-c1z-';

/**
 * Starts a .c1z file.
 * @throws C1zError SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_C1Z_WRITER_FAILED, SSTITCH_ABORTED
 */
export async function createC1z(path: string, options: C1zWriteOptions = {}): Promise<C1zWriter> {
  const format = checkWriteOptions(options);
  const { signal, zone, onProgress } = options;
  if (signal?.aborted) throw aborted(path, signal);
  await checkReplaceable(path);
  const directory = await makeTemporaryDirectory(DIRECTORY_PREFIX, options.temporaryDirectory);
  const unfinishedPath = temporaryFileIn(dirname(path));
  try {
    if (signal?.aborted) throw aborted(path, signal);
    const remove = [directory, unfinishedPath];
    const worker = new WorkerProcess<C1zWriteProgress>({
      role: 'writer',
      path,
      remove,
      onProgress,
    });
    const writer = new OpenC1zWriter(path, { worker, directory, unfinishedPath, signal });
    const task: WriterRequest = {
      kind: 'start',
      format,
      path: unfinishedPath,
      target: path,
      directory,
      zone,
    };
    try {
      await worker.ask(task);
    } catch (error) {
      await writer.close();
      throw error;
    }
    return writer;
  } catch (error) {
    await removeTemporary(unfinishedPath);
    await removeTemporary(directory);
    throw error;
  }
}

/**
 * Checks that a path can be replaced by a file: the file is written beside it, and renamed.
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
async function checkReplaceable(path: string): Promise<void> {
  const problem = (what: string, cause?: unknown) =>
    new C1zError('SSTITCH_FILE_OPERATION', `cannot write the file: ${what}`, { path, cause });
  const isFile = await stat(path).then(
    (status) => status.isFile(),
    (cause: NodeJS.ErrnoException) => {
      // Nothing is at the path. If its directory is missing too, the writer reports that.
      if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return true;
      throw problem(messageOf(cause), cause);
    },
  );
  if (!isFile) throw problem('it exists and is not a file');
}

/** The resources that are released when the writing ends. */
interface WriterParts {
  readonly worker: WorkerProcess<C1zWriteProgress>;
  readonly directory: string;
  readonly unfinishedPath: string;
  readonly signal: AbortSignal | undefined;
}

class OpenC1zWriter implements C1zWriter {
  readonly path: string;
  readonly #parts: WriterParts;
  readonly #onAbort = () => void this.#end(aborted(this.path, this.#parts.signal)).catch(() => {});
  /** The pending reply of the process to the last batch. */
  #underWay: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(path: string, parts: WriterParts) {
    this.path = path;
    this.#parts = parts;
    parts.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async add({ syncId, bucket, values }: RecordBatch): Promise<void> {
    const builder = new RecordPageBuilder();
    for (const value of values) builder.add(value);
    const before = this.#underWay;
    // Sends this batch while the process works on the previous one, so at most two are held.
    this.#underWay = this.#ask({ kind: 'add', syncId, bucket, page: builder.page(undefined) });
    this.#underWay.catch(() => {});
    await before;
  }

  async finish(): Promise<WrittenC1z> {
    const { unfinishedPath } = this.#parts;
    await this.#underWay;
    const written = await this.#ask<WrittenC1z>({ kind: 'finish' });
    try {
      await rename(unfinishedPath, this.path);
      await fsyncDirectory(dirname(this.path));
    } catch (cause) {
      throw new C1zError('SSTITCH_FILE_OPERATION', `cannot name the file: ${messageOf(cause)}`, {
        path: this.path,
        cause,
      });
    }
    await this.close();
    return written;
  }

  close(): Promise<void> {
    return this.#end(
      new C1zError('SSTITCH_C1Z_CLOSED', 'the writer is closed', { path: this.path }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Sends a request; if it fails, the writer is unusable. */
  async #ask<Result>(request: WriterRequest): Promise<Result> {
    try {
      return await this.#parts.worker.ask<Result>(request);
    } catch (error) {
      if (error instanceof C1zError) void this.#end(error).catch(() => {});
      throw error;
    }
  }

  #end(reason: C1zError): Promise<void> {
    const { worker, directory, unfinishedPath, signal } = this.#parts;
    this.#ended ??= (async () => {
      signal?.removeEventListener('abort', this.#onAbort);
      try {
        await worker.end(reason);
      } finally {
        await removeTemporary(unfinishedPath);
        await removeTemporary(directory);
      }
    })();
    return this.#ended;
  }
}

/** Forces a directory to stable storage, on systems that support it. */
async function fsyncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
