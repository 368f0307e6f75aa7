// The files that `import` reads: .c1z and .jsonl. Each holds records of syncs, in any order.
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type C1zFile, openC1z } from '@sstitch/c1z';
import type { SyncRecord, SyncRunRecord } from '@sstitch/records';
import { chooseSyncs, needsLookup, type SyncChoice } from '../../command-line/sync-reference.js';
import { CliError, usageError } from '../../errors.js';
import { type ImportedRecord, importedRecord } from '../../records/record-lines.js';
import type { Progress } from '../../terminal/progress-text.js';
import { boundedLines } from './bounded-lines.js';

/** What takes the records. */
export interface RecordSink {
  /** @param value the record's bytes, where they are not those of `encodeRecord` */
  add(syncId: string, record: SyncRecord, value?: Uint8Array): void;
  /** Awaited every now and then: settles when there is room for more. */
  room(): Promise<void>;
}

export interface ImportOptions {
  /** These syncs alone, by references. @defaultValue all that the file holds */
  readonly syncs: readonly string[] | undefined;
  /** The time zone of times in a .c1z file that name none. @defaultValue this process's */
  readonly zone: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
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
  { syncs, zone, signal, onProgress }: ImportOptions,
): Promise<void> {
  const file = await openC1z(path, {
    signal,
    zone,
    onProgress: ({ decodedBytes }) =>
      onProgress({ doing: 'decoding', done: decodedBytes, unit: 'bytes' }),
  });
  try {
    const runs = file.syncs();
    const syncIds = syncs && chosenSyncs(path, syncs, runs.map(choiceOf));
    let read = 0;
    for (const run of runs) {
      if (syncIds !== undefined && !syncIds.includes(run.syncId)) continue;
      await readC1zSync(file, run, sink, signal, (records) => {
        read += records;
        onProgress({ doing: 'reading', done: read, unit: 'records' });
      });
    }
  } finally {
    await file.close();
  }
}

async function readC1zSync(
  file: C1zFile,
  run: SyncRunRecord,
  sink: RecordSink,
  signal: AbortSignal,
  onRecords: (count: number) => void,
): Promise<void> {
  const { syncId } = run;
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
      onRecords(records.length);
      await sink.room();
    }
  }
}

async function readJsonLines(
  path: string,
  sink: RecordSink,
  options: ImportOptions,
): Promise<void> {
  const { syncs, onProgress } = options;
  const syncIds =
    syncs?.some(needsLookup) === true
      ? chosenSyncs(path, syncs, await syncsOfJsonLines(path, options))
      : syncs;
  const found = new Set<string>();
  const onRecord = ({ record, value }: ImportedRecord) => {
    const { syncId } = record;
    if (syncIds !== undefined && !syncIds.includes(syncId)) return;
    found.add(syncId);
    sink.add(syncId, record, value);
  };
  await forEachLine(path, options, 'reading', onProgress, onRecord, () => sink.room());
  const missing = syncIds?.find((syncId) => !found.has(syncId));
  if (missing !== undefined) throw noSuchSync(path, missing);
}

/** What syncs the lines are of: a pass over the file. */
async function syncsOfJsonLines(
  path: string,
  options: ImportOptions,
): Promise<readonly SyncChoice[]> {
  const choices = new Map<string, SyncChoice>();
  await forEachLine(path, options, 'listing', options.onProgress, ({ bucket, record }) => {
    const { syncId } = record;
    if (bucket === 'sync_run') choices.set(syncId, choiceOf(record as SyncRunRecord));
    else if (!choices.has(syncId)) choices.set(syncId, { syncId });
  });
  return [...choices.values()];
}

async function forEachLine(
  path: string,
  { signal }: Pick<ImportOptions, 'signal'>,
  doing: string,
  onProgress: (progress: Progress) => void,
  onRecord: (record: ImportedRecord) => void,
  room: () => Promise<void> = async () => undefined,
): Promise<void> {
  const total = statSync(path).size;
  const lines = boundedLines(path, {
    maxLineCharacters: MAX_LINE_CHARACTERS,
    tooLong: (lineNumber) => invalidLine(path, lineNumber, 'it is too long'),
    onRead: (bytes) => onProgress({ doing, done: bytes, total, unit: 'bytes' }),
  });
  let lineNumber = 0;
  for await (const line of lines) {
    lineNumber += 1;
    if (lineNumber % RECORDS_PER_ROOM === 0) {
      signal.throwIfAborted();
      await room();
    }
    if (line.trim() === '') continue;
    try {
      onRecord(importedRecord(line));
    } catch (cause) {
      throw invalidLine(path, lineNumber, messageOf(cause), cause);
    }
  }
}

/** @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE */
function chosenSyncs(
  path: string,
  references: readonly string[],
  choices: readonly SyncChoice[],
): readonly string[] {
  const syncIds = chooseSyncs(references, choices, path);
  const missing = syncIds.find((syncId) => !choices.some((choice) => choice.syncId === syncId));
  if (missing !== undefined) throw noSuchSync(path, missing);
  return syncIds;
}

function choiceOf({ syncId, startedAt, endedAt }: SyncRunRecord): SyncChoice {
  return {
    syncId,
    startedAt: startedAt && timestampDate(startedAt),
    endedAt: endedAt && timestampDate(endedAt),
  };
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
