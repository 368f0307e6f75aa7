// The files that `import` reads: .c1z and .jsonl. Each gives records of syncs, in any order.
import { open } from 'node:fs/promises';
import { openC1z } from '@sstitch/c1z';
import type { SyncRecord } from '@sstitch/records';
import { boundedLines } from './bounded-lines.js';
import { CliError, usageError } from './errors.js';
import { importedRecord } from './record-lines.js';

/** What takes the records. */
export interface RecordSink {
  /** @param value the record's bytes, where they are not those of `encodeRecord` */
  add(syncId: string, record: SyncRecord, value?: Uint8Array): void;
  /** Awaited every now and then: settles when there is room for more. */
  room(): Promise<void>;
}

export interface ImportOptions {
  /** These syncs alone. @defaultValue all that the file holds */
  readonly syncIds: readonly string[] | undefined;
  /** The time zone of times in a .c1z file that name none. @defaultValue this process's */
  readonly zone: string | undefined;
  readonly signal: AbortSignal;
  /** Reported while nothing can be read yet. */
  readonly onDecoding: (decodedBytes: number) => void;
}

/** Few enough that they take little memory, and the event loop gets its turns. */
const RECORDS_PER_ROOM = 250;
/** A line longer than this is no record: a value of 64 MiB, what a .c1z file may hold, fits in base64. */
const MAX_LINE_CHARACTERS = 128 * 1024 * 1024;

/** Reads a file of either kind; which one, its first bytes say. */
export async function readImport(
  path: string,
  sink: RecordSink,
  options: ImportOptions,
): Promise<void> {
  if (!(await isJsonLines(path))) return readC1z(path, sink, options);
  if (options.zone !== undefined) {
    throw usageError(`--zone is for .c1z files; the times in ${path} name their zone`);
  }
  return readJsonLines(path, sink, options);
}

async function readC1z(
  path: string,
  sink: RecordSink,
  { syncIds, zone, signal, onDecoding }: ImportOptions,
): Promise<void> {
  const file = await openC1z(path, {
    signal,
    zone,
    onProgress: ({ decodedBytes }) => onDecoding(decodedBytes),
  });
  try {
    const runs = file.syncs();
    const missing = syncIds?.find((syncId) => !runs.some((run) => run.syncId === syncId));
    if (missing !== undefined) throw noSuchSync(path, missing);
    for (const run of runs) {
      const { syncId } = run;
      if (syncIds !== undefined && !syncIds.includes(syncId)) continue;
      sink.add(syncId, run);
      const sources: ReadonlyArray<AsyncIterable<SyncRecord[]>> = [
        file.resourceTypes(syncId),
        file.resources(syncId),
        file.entitlements(syncId),
        file.grants(syncId),
        file.assets(syncId),
      ];
      for (const batches of sources) {
        for await (const records of batches) {
          signal.throwIfAborted();
          for (const record of records) sink.add(syncId, record);
          await sink.room();
        }
      }
    }
  } finally {
    await file.close();
  }
}

async function readJsonLines(
  path: string,
  sink: RecordSink,
  { syncIds, signal }: ImportOptions,
): Promise<void> {
  const lines = boundedLines(path, {
    maxLineCharacters: MAX_LINE_CHARACTERS,
    tooLong: (lineNumber) => invalidLine(path, lineNumber, 'it is too long'),
  });
  const found = new Set<string>();
  let lineNumber = 0;
  for await (const line of lines) {
    lineNumber += 1;
    if (lineNumber % RECORDS_PER_ROOM === 0) {
      signal.throwIfAborted();
      await sink.room();
    }
    if (line.trim() === '') continue;
    try {
      const { record, value } = importedRecord(line);
      const { syncId } = record;
      if (syncIds !== undefined && !syncIds.includes(syncId)) continue;
      found.add(syncId);
      sink.add(syncId, record, value);
    } catch (cause) {
      throw invalidLine(path, lineNumber, messageOf(cause), cause);
    }
  }
  const missing = syncIds?.find((syncId) => !found.has(syncId));
  if (missing !== undefined) throw noSuchSync(path, missing);
}

function invalidLine(path: string, lineNumber: number, problem: string, cause?: unknown) {
  return new CliError(
    'SSTITCH_IMPORT_INVALID',
    `line ${lineNumber} of ${path} is not a record: ${problem}`,
    { cause },
  );
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
    const reason = messageOf(cause);
    throw new CliError('SSTITCH_FILE_OPERATION', `cannot read ${path}: ${reason}`, { cause });
  }
  const text = Buffer.from(head.subarray(0, length)).toString('utf8').trimStart();
  if (text.startsWith('C1Z')) return false;
  return text.startsWith('{') || /\.(jsonl|ndjson)$/i.test(path);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
