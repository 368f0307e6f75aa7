// Reads syncs from JSON Lines. Consecutive lines of one sync and one bucket become a batch.
import { isSyncId } from '@sstitch/keys';
import {
  type BatchOptions,
  encodeRecord,
  RecordBatch,
  type SyncRecord,
  type SyncRunRecord,
  type SyncSource,
} from '@sstitch/records';
import { LinesError, messageOf, notSyncId, throwIfAborted } from '../errors.js';
import { type LinesInput, readBytes } from '../streams/read-bytes.js';
import { FORMAT, VERSION } from './file-lines.js';
import { columnOf, syntaxProblem } from './find-place.js';
import { InvalidRecord, isObject, type LineRecord, recordOfObject } from './record-object.js';
import { type Line, splitLines } from './split-lines.js';

/** Options of `openJsonLines`. */
export interface JsonLinesOptions {
  /** The name of the input in errors. @defaultValue the path; none for a stream */
  readonly name?: string | undefined;
  /** The most bytes in a line. @defaultValue 128 MiB, enough for a value of 64 MiB in base64 */
  readonly maxLineBytes?: number | undefined;
  /** Called with the number of bytes of the input that were read so far, compressed ones if it is compressed. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** Syncs in JSON Lines. A stream can be read once, a file any number of times. */
export interface JsonLinesSource extends SyncSource {
  /**
   * Returns the runs of all syncs that have one, in the file's order. Reads the input to its end.
   * @throws LinesError as in `batches`
   */
  syncs(options?: Pick<BatchOptions, 'signal'>): Promise<readonly SyncRunRecord[]>;
  /**
   * Yields the records in the file's order.
   * @throws LinesError from the iteration: SSTITCH_LINES_INVALID, with line and column, SSTITCH_LINES_CUT_OFF,
   * SSTITCH_LINES_DAMAGED, SSTITCH_LINES_TOO_LARGE, SSTITCH_LINES_VERSION_UNSUPPORTED,
   * SSTITCH_LINES_SYNC_NOT_FOUND, SSTITCH_LINES_CLOSED, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
   */
  batches(options?: BatchOptions): AsyncGenerator<RecordBatch, void, undefined>;
}

const DEFAULT_MAX_LINE_BYTES = 128 * 2 ** 20;
const MAX_BATCH_RECORDS = 250;
const MAX_BATCH_CHARACTERS = 4 * 2 ** 20;
/** Matches an escape of a lone surrogate, the only way for a line to hold one; records cannot. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * Opens JSON Lines, plain or compressed by gzip or zstd; docs/formats/json-lines.md describes the format. Reads
 * nothing yet.
 * @throws LinesError SSTITCH_OPTION_INVALID
 */
export function openJsonLines(input: LinesInput, options: JsonLinesOptions = {}): JsonLinesSource {
  const { maxLineBytes = DEFAULT_MAX_LINE_BYTES } = options;
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new LinesError(
      'SSTITCH_OPTION_INVALID',
      `maxLineBytes must be a positive integer, not ${String(maxLineBytes)}`,
    );
  }
  return new OpenJsonLines(input, { ...options, maxLineBytes });
}

class OpenJsonLines implements JsonLinesSource {
  readonly #input: LinesInput;
  readonly #name: string | undefined;
  readonly #maxLineBytes: number;
  readonly #onRead: JsonLinesOptions['onRead'];
  #isConsumed = false;

  constructor(input: LinesInput, options: JsonLinesOptions & { readonly maxLineBytes: number }) {
    this.#input = input;
    this.#name = options.name ?? (typeof input === 'string' ? input : undefined);
    this.#maxLineBytes = options.maxLineBytes;
    this.#onRead = options.onRead;
  }

  async syncs({ signal }: Pick<BatchOptions, 'signal'> = {}): Promise<readonly SyncRunRecord[]> {
    const runs: SyncRunRecord[] = [];
    for await (const { record } of this.#records(signal)) {
      if (record.$typeName === 'c1.storage.v3.SyncRunRecord') runs.push(record);
    }
    return runs;
  }

  async *batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch> {
    const wanted = syncIds && new Set(syncIds);
    const found = new Set<string>();
    const batch = new GrowingBatch();
    for await (const next of this.#records(signal)) {
      const { syncId } = next.record;
      if (wanted?.has(syncId) === false) continue;
      if (wanted !== undefined) found.add(syncId);
      if (!batch.hasRoomFor(next)) yield batch.take();
      batch.add(next);
    }
    if (!batch.isEmpty) yield batch.take();
    const missing = syncIds?.find((syncId) => !found.has(syncId));
    if (missing === undefined) return;
    const held = [...found].slice(0, 10).join(', ');
    throw new LinesError(
      'SSTITCH_LINES_SYNC_NOT_FOUND',
      `the file holds no record of sync ${missing}${held === '' ? '' : `, only of ${held}`}`,
      { path: this.#name },
    );
  }

  /** Does nothing: the file is open only while it is read. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async *#records(signal: AbortSignal | undefined): AsyncGenerator<ReadRecord, void, undefined> {
    const name = this.#name;
    if (this.#isConsumed) {
      throw new LinesError('SSTITCH_LINES_CLOSED', 'the stream has already been read', {
        path: name,
      });
    }
    this.#isConsumed = typeof this.#input !== 'string';
    const file = new FileState(name);
    const chunks = readBytes(this.#input, { name, signal, onRead: this.#onRead });
    for await (const lines of splitLines(chunks, { name, maxLineBytes: this.#maxLineBytes })) {
      throwIfAborted(signal, name);
      for (const line of lines) {
        if (line.text.trim() === '') continue;
        try {
          const record = file.take(line);
          if (record !== undefined) yield { ...record, characters: line.text.length };
        } catch (error) {
          throw await placed(error, line, name);
        }
      }
    }
    file.end();
  }
}

interface ReadRecord extends LineRecord {
  readonly characters: number;
}

/** The state of reading one file or several concatenated files. */
class FileState {
  readonly #name: string | undefined;
  #state: 'start' | 'bare' | 'headed' | 'ended' = 'start';
  #records = 0;
  #lastLine = 0;

  constructor(name: string | undefined) {
    this.#name = name;
  }

  /**
   * The record of a line; undefined for a header or an end.
   * @throws SyntaxError; InvalidRecord; LinesError
   */
  take(line: Line): LineRecord | undefined {
    const object: unknown = JSON.parse(line.text);
    this.#lastLine = line.number;
    if (!isObject(object)) throw new InvalidRecord('it is not a JSON object', []);
    const { type } = object;
    if (type === 'header') {
      this.#begin(object);
      return undefined;
    }
    if (type === 'end') {
      this.#endFile(object);
      return undefined;
    }
    if (this.#state === 'ended')
      throw new InvalidRecord('the previous line is the end of the file', []);
    if (this.#state === 'start') this.#state = 'bare';
    const found = recordOfObject(object);
    if (!isSyncId(found.record.syncId)) {
      throw new InvalidRecord(notSyncId(found.record.syncId), ['record', 'sync_id']);
    }
    if (SURROGATE_ESCAPE.test(line.text)) checkProfile(found.record);
    this.#records += 1;
    return found;
  }

  /** @throws LinesError */
  end(): void {
    if (this.#state !== 'headed') return;
    throw new LinesError(
      'SSTITCH_LINES_CUT_OFF',
      'the file ends without its end line, so it is truncated: export or copy it again',
      { path: this.#name, line: this.#lastLine },
    );
  }

  #begin({ format, version }: Readonly<Record<string, unknown>>): void {
    if (this.#state === 'headed' || this.#state === 'bare') {
      throw new InvalidRecord('a header must be the first line of a file', []);
    }
    if (format !== FORMAT) throw new InvalidRecord(`"format" is not ${FORMAT}`, ['format']);
    if (!Number.isSafeInteger(version) || Number(version) < 1) {
      throw new InvalidRecord('"version" is not a positive integer', ['version']);
    }
    if (Number(version) > VERSION) {
      throw new LinesError(
        'SSTITCH_LINES_VERSION_UNSUPPORTED',
        `the file has version ${version}, but ${VERSION} is the latest that this version of SSTitch can read: use a later one`,
        { path: this.#name },
      );
    }
    this.#state = 'headed';
    this.#records = 0;
  }

  #endFile({ records }: Readonly<Record<string, unknown>>): void {
    if (this.#state !== 'headed')
      throw new InvalidRecord('the file has an end line but no header', []);
    if (records !== this.#records) {
      throw new InvalidRecord(
        `the file has ${this.#records} records, but ${JSON.stringify(records)} were written: lines are missing or were added; if that is intended, remove this line and the header`,
        ['records'],
      );
    }
    this.#state = 'ended';
  }
}

/** Checks the texts of the profile; protobuf checks those of all other fields. @throws InvalidRecord */
function checkProfile(record: SyncRecord): void {
  try {
    encodeRecord(record);
  } catch (cause) {
    throw new InvalidRecord(messageOf(cause), ['record', 'profile'], cause);
  }
}

/** Converts an error about a line to a LinesError with its line and column. */
async function placed(error: unknown, line: Line, path: string | undefined): Promise<LinesError> {
  if (error instanceof LinesError) return error;
  const details = { path, line: line.number, cause: error };
  if (error instanceof SyntaxError) {
    const { problem, column } = await syntaxProblem(line.text);
    return new LinesError('SSTITCH_LINES_INVALID', problem, { ...details, column });
  }
  const column = error instanceof InvalidRecord ? await columnOf(line.text, error.at) : undefined;
  return new LinesError('SSTITCH_LINES_INVALID', messageOf(error), { ...details, column });
}

/** Collects records of one sync and one bucket, either all with stored bytes or all without. */
class GrowingBatch {
  #records: ReadRecord[] = [];
  #characters = 0;

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  hasRoomFor({ bucket, record, value }: LineRecord): boolean {
    const [first] = this.#records;
    if (first === undefined) return true;
    return (
      this.#records.length < MAX_BATCH_RECORDS &&
      this.#characters < MAX_BATCH_CHARACTERS &&
      first.bucket === bucket &&
      first.record.syncId === record.syncId &&
      (first.value === undefined) === (value === undefined)
    );
  }

  add(record: ReadRecord): void {
    this.#records.push(record);
    this.#characters += record.characters;
  }

  /** Takes the batch, which must not be empty. */
  take(): RecordBatch {
    const records = this.#records;
    const [{ bucket, record, value }] = records as [ReadRecord];
    this.#records = [];
    this.#characters = 0;
    if (value === undefined) {
      const messages: SyncRecord[] = records.map((each) => each.record);
      // `hasRoomFor` has checked that each record belongs to the bucket.
      return RecordBatch.ofRecords(record.syncId, bucket, messages as never[]);
    }
    const values = records.flatMap((each) => (each.value === undefined ? [] : [each.value]));
    return RecordBatch.ofValues(record.syncId, bucket, values);
  }
}
