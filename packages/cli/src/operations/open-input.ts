// Opens a file of any format as a source of syncs. The format follows from the first bytes or, if these do not
// tell, from the name.
//
// Streams and compressed .c1z files are copied to a temporary directory first: a .c1z file is read at many
// offsets, and listing the syncs reads all of it.
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { C1zError, openC1z } from '@sstitch/c1z';
import {
  type Compression,
  compressionOf,
  openGrantsCsv,
  openJsonLines,
  readBytes,
  writeBytes,
} from '@sstitch/lines';
import {
  type BatchOptions,
  dateOf,
  type RecordBatch,
  type SyncRunRecord,
  type SyncSource,
} from '@sstitch/records';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import type { CommandContext } from '../command-line/command-context.js';
import type { SyncChoice } from '../command-line/sync-reference.js';
import { CliError, usageError } from '../errors.js';
import { formatOfName, type SyncFormat } from '../records/sync-format.js';
import type { ImportFile } from './import-files.js';
import { openStream } from './open-stream.js';

/** An open file. */
export interface OpenInput {
  readonly format: SyncFormat;
  /** The syncs that the file holds. */
  syncs(): Promise<readonly SyncChoice[]>;
  batches(syncIds: readonly string[] | undefined): AsyncIterable<RecordBatch>;
  /** The number of records that `batches` will yield; undefined if that is not known before they are read. */
  countRecords(syncIds: readonly string[] | undefined): Promise<number | undefined>;
  /** How far `batches` has read the file, in bytes; undefined if that is not known. */
  place(): { readonly done: number; readonly total: number } | undefined;
  close(): Promise<void>;
}

/** The zone of times without one in .c1z files. With `ofSeveral`, the input may be of another kind, which needs no zone. */
export type InputZone = string | { readonly ofSeveral: string };

/** The zone of the .c1z files among several inputs. */
export function zoneOfSeveral(zone: string | undefined): InputZone | undefined {
  return zone === undefined ? undefined : { ofSeveral: zone };
}

/** How much of a file is read to find its format. */
const HEAD_BYTES = 4096;
/** Large batches need fewer requests to the reader process; nothing else waits for this thread. */
const BATCH_RECORDS = 1000;
/** A column in every sheet of grants. */
const CSV_COLUMN = /\bentitlement_id\b/;

/** Opens the file. @throws CliError, C1zError, LinesError */
export async function openInput(
  context: CommandContext,
  file: ImportFile,
  zone: InputZone | undefined,
): Promise<OpenInput> {
  const spool = new Spool();
  try {
    const path =
      file.isRegular && file.path !== undefined
        ? file.path
        : await spoolInput(context, file, spool);
    const source = await openSource(context, { file, path, zone }, spool);
    const close = async () => {
      await source.close();
      await spool.remove();
    };
    return { ...source, close };
  } catch (error) {
    await spool.remove();
    throw error;
  }
}

interface Opening {
  readonly file: ImportFile;
  /** The path of its bytes. */
  readonly path: string;
  readonly zone: InputZone | undefined;
}

async function openSource(
  context: CommandContext,
  opening: Opening,
  spool: Spool,
): Promise<OpenInput> {
  const { file, path, zone } = opening;
  const { signal } = context;
  const { name } = file;
  const format = await formatOf(path, file, signal);
  if (format === 'c1z') return openC1zInput(context, opening, spool);
  if (typeof zone === 'string') {
    throw usageError(`--zone applies only to .c1z files: the times in ${name} include their zone`);
  }
  const total = statSync(path).size;
  let done = 0;
  const options = {
    name,
    onRead: (bytes: number) => {
      done = bytes;
    },
  };
  const source = format === 'jsonl' ? openJsonLines(path, options) : openGrantsCsv(path, options);
  return {
    format,
    syncs: async () => {
      context.progress.update({ doing: `listing the syncs of ${name}` });
      return (await source.syncs({ signal })).map(choiceOf);
    },
    batches: (syncIds) => source.batches({ syncIds, signal }),
    countRecords: async () => undefined,
    place: () => ({ done, total }),
    close: () => source.close(),
  };
}

async function openC1zInput(
  { progress, signal }: CommandContext,
  { file, path, zone }: Opening,
  spool: Spool,
): Promise<OpenInput> {
  const plainPath =
    (await compressionOfFile(path)) !== undefined
      ? await spool.take('plain.c1z', readBytes(path, { name: file.name, signal }), signal)
      : path;
  /** Makes an error name the file that the user named. */
  const named = (error: unknown): unknown =>
    plainPath !== file.path && error instanceof C1zError && error.path === plainPath
      ? new C1zError(error.code, error.problem, {
          ...{ path: file.name, part: error.part, offset: error.offset, cause: error.cause },
        })
      : error;
  try {
    const total = statSync(plainPath).size;
    const c1z = await openC1z(plainPath, {
      signal,
      zone: typeof zone === 'string' ? zone : zone?.ofSeveral,
      batchRecords: BATCH_RECORDS,
      onProgress: ({ step, encodedBytes: done }) => {
        const doing = `${step} ${file.name}`;
        progress.update(step === 'decoding' ? { doing, done, total, unit: 'bytes' } : { doing });
      },
    });
    return {
      format: c1z.format === 1 ? 'c1z1' : 'c1z',
      syncs: async () => c1z.syncs().map(choiceOf),
      batches: (syncIds) => withErrors(c1z, { syncIds, signal }, named),
      countRecords: (syncIds) => c1z.countRecords({ syncIds, signal }),
      place: () => undefined,
      close: () => c1z.close(),
    };
  } catch (error) {
    throw named(error);
  }
}

async function* withErrors(
  source: SyncSource,
  options: BatchOptions,
  named: (error: unknown) => unknown,
): AsyncGenerator<RecordBatch, void, undefined> {
  try {
    yield* source.batches(options);
  } catch (error) {
    throw named(error);
  }
}

/**
 * Finds the format of a file by its first bytes, decompressed. A file of unknown format is opened as .c1z,
 * which reports what is wrong with it.
 */
async function formatOf(
  path: string,
  { name }: ImportFile,
  signal: AbortSignal,
): Promise<'c1z' | 'jsonl' | 'csv'> {
  let head = Buffer.alloc(0);
  for await (const chunk of readBytes(path, { name, signal })) {
    head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
    if (head.length >= HEAD_BYTES) break;
  }
  const text = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (text.startsWith('C1Z')) return 'c1z';
  if (text.startsWith('{')) return 'jsonl';
  const [firstLine = ''] = text.split('\n');
  if (CSV_COLUMN.test(firstLine)) return 'csv';
  const byName = formatOfName(name);
  return byName === 'jsonl' || byName === 'csv' ? byName : 'c1z';
}

async function compressionOfFile(path: string): Promise<Compression | undefined> {
  for await (const chunk of createReadStream(path, { end: 3 })) {
    return compressionOf(chunk as Uint8Array);
  }
  return undefined;
}

async function spoolInput(
  context: CommandContext,
  file: ImportFile,
  spool: Spool,
): Promise<string> {
  context.progress.update({ doing: `reading ${file.name}` });
  return spool.take('input', chunksOf(context, file), context.signal);
}

/** The bytes of standard input, a pipe or a device. @throws CliError SSTITCH_FILE_OPERATION */
async function* chunksOf(
  { io, signal }: CommandContext,
  { name, path }: ImportFile,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* path === undefined ? io.stdin() : openStream(path, signal);
  } catch (cause) {
    const message = `cannot read ${name}: ${(cause as Error).message}`;
    throw new CliError('SSTITCH_FILE_OPERATION', message, { cause });
  }
}

function choiceOf({ syncId, startedAt, endedAt }: SyncRunRecord): SyncChoice {
  return {
    syncId,
    startedAt: startedAt && dateOf(startedAt),
    endedAt: endedAt && dateOf(endedAt),
  };
}

/** A temporary directory that is created when the first file is put into it. */
class Spool {
  #directory: string | undefined;

  /** Copies bytes to a file and returns its path. */
  async take(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<string> {
    this.#directory ??= await makeTemporaryDirectory('sstitch-input-');
    const path = join(this.#directory, name);
    await writeBytes(path, chunks, { signal });
    return path;
  }

  async remove(): Promise<void> {
    if (this.#directory === undefined) return;
    await removeTemporary(this.#directory);
    this.#directory = undefined;
  }
}
