// The files that `import` reads: .c1z and .jsonl. Each gives entries of syncs, in any order.
import { open } from 'node:fs/promises';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { openC1z } from '@sstitch/c1z';
import {
  type Entry,
  recordEntries,
  SyncCounter,
  type SyncRecord,
  type ValueBucket,
} from '@sstitch/records';
import { boundedLines } from './bounded-lines.js';
import { CliError } from './errors.js';
import { importedRecord } from './record-lines.js';

/** Some records of one type and sync, as they are to be stored. */
export interface ImportedBatch {
  readonly syncId: string;
  readonly bucket: ValueBucket;
  /** How many records the entries are of. */
  readonly records: number;
  readonly entries: readonly Entry[];
}

export interface ImportOptions {
  /** These syncs alone. @defaultValue all that the file holds */
  readonly syncIds: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Told while nothing can be read yet. */
  readonly onDecoding: (decodedBytes: number) => void;
}

/** A line longer than this is no record: a value of 64 MiB, what a .c1z file may hold, fits in base64. */
const MAX_LINE_CHARACTERS = 128 * 1024 * 1024;

/** Reads a file of either kind; which one, its first bytes say. */
export async function* readImport(
  path: string,
  options: ImportOptions,
): AsyncGenerator<ImportedBatch, void, undefined> {
  yield* (await isJsonLines(path)) ? readJsonLines(path, options) : readC1z(path, options);
}

async function* readC1z(
  path: string,
  { syncIds, signal, onDecoding }: ImportOptions,
): AsyncGenerator<ImportedBatch, void, undefined> {
  const file = await openC1z(path, {
    signal,
    onProgress: ({ decodedBytes }) => onDecoding(decodedBytes),
  });
  try {
    const runs = file.syncs();
    const missing = syncIds?.find((syncId) => !runs.some((run) => run.syncId === syncId));
    if (missing !== undefined) throw noSuchSync(path, missing);
    for (const run of runs) {
      const { syncId } = run;
      if (syncIds !== undefined && !syncIds.includes(syncId)) continue;
      yield batchOf(syncId, 'sync_run', [run]);
      const counter = new SyncCounter();
      const sources: ReadonlyArray<readonly [ValueBucket, AsyncIterable<SyncRecord[]>]> = [
        ['resource_type', file.resourceTypes(syncId)],
        ['resource', file.resources(syncId)],
        ['entitlement', file.entitlements(syncId)],
        ['grant', file.grants(syncId)],
        ['asset', file.assets(syncId)],
      ];
      for (const [bucket, batches] of sources) {
        for await (const records of batches) {
          for (const record of records) counter.add(record);
          yield batchOf(syncId, bucket, records);
        }
      }
      // Statistics are what a sync ends with. Their time is the sync's own end, so that importing a
      // file twice gives the same bytes.
      if (run.endedAt !== undefined) {
        const stats = counter.toRecord(syncId, timestampDate(run.endedAt));
        yield batchOf(syncId, 'sync_stats', [stats]);
      }
    }
  } finally {
    await file.close();
  }
}

async function* readJsonLines(
  path: string,
  { syncIds, signal }: ImportOptions,
): AsyncGenerator<ImportedBatch, void, undefined> {
  const lines = boundedLines(path, {
    maxLineCharacters: MAX_LINE_CHARACTERS,
    tooLong: (lineNumber) => invalidLine(path, lineNumber, 'it is too long'),
  });
  const found = new Set<string>();
  let lineNumber = 0;
  for await (const line of lines) {
    lineNumber += 1;
    if (lineNumber % 1000 === 0) signal.throwIfAborted();
    if (line.trim() === '') continue;
    const { syncId, bucket, entries } = parsedLine(path, lineNumber, line);
    if (syncIds !== undefined && !syncIds.includes(syncId)) continue;
    found.add(syncId);
    yield { syncId, bucket, records: 1, entries };
  }
  const missing = syncIds?.find((syncId) => !found.has(syncId));
  if (missing !== undefined) throw noSuchSync(path, missing);
}

function parsedLine(path: string, lineNumber: number, line: string) {
  try {
    return importedRecord(line);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw invalidLine(path, lineNumber, error.message, error);
  }
}

function invalidLine(path: string, lineNumber: number, problem: string, cause?: unknown) {
  return new CliError(
    'SSTITCH_IMPORT_INVALID',
    `line ${lineNumber} of ${path} is not a record: ${problem}`,
    { cause },
  );
}

function batchOf(
  syncId: string,
  bucket: ValueBucket,
  records: readonly SyncRecord[],
): ImportedBatch {
  return { syncId, bucket, records: records.length, entries: recordEntries(syncId, records) };
}

function noSuchSync(path: string, syncId: string): CliError {
  return new CliError('SSTITCH_SYNC_NOT_FOUND', `${path} holds no sync ${syncId}`);
}

/** JSON lines start with `{`, perhaps after blanks; a .c1z file with `C1Z`. Empty files go by their name. */
async function isJsonLines(path: string): Promise<boolean> {
  const head = new Uint8Array(64);
  let length: number;
  try {
    const file = await open(path, 'r');
    try {
      length = (await file.read(head, 0, head.length, 0)).bytesRead;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SSTITCH_FILE_OPERATION', `cannot read ${path}: ${reason}`, { cause });
  }
  const text = Buffer.from(head.subarray(0, length)).toString('utf8').trimStart();
  if (text.startsWith('C1Z')) return false;
  return text.startsWith('{') || /\.(jsonl|ndjson)$/i.test(path);
}
