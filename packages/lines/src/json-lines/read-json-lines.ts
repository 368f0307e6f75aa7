// Reads syncs from JSON Lines: lines become batches of one sync and one bucket, as they follow each other.
import { isSyncId } from '@sstitch/keys';
import {
  type BatchOptions,
  encodeRecord,
  RecordBatch,
  type SyncRecord,
  type SyncRunRecord,
  type SyncSource,
} from '@sstitch/records';
import { LinesError, messageOf, throwIfAborted } from '../errors.js';
import { type LinesInput, readBytes } from '../streams/read-bytes.js';
import { FORMAT, VERSION } from './file-lines.js';
import { columnOf, syntaxProblem } from './find-place.js';
import { isObject, type LineRecord, NoRecord, recordOfObject } from './record-object.js';
import { type Line, splitLines } from './split-lines.js';

/** Options of `openJsonLines`. */
export interface JsonLinesOptions {
  /** What errors call the input. @defaultValue the path; nothing for a stream */
  readonly name?: string | undefined;
  /** The longest line, in bytes. @defaultValue 128 MiB: a value of 64 MiB, in base64 */
  readonly maxLineBytes?: number | undefined;
}

/** Syncs in JSON Lines. A stream can be read once, a file again and again. */
export interface JsonLinesSource extends SyncSource {
  /**
   * The runs of all syncs that have one, in the file's order. Reads the input to its end.
   * @throws LinesError, as `batches`
   */
  syncs(options?: Pick<BatchOptions, 'signal'>): Promise<readonly SyncRunRecord[]>;
  /**
   * The records, in the file's order.
   * @throws LinesError from the iteration: SSTITCH_LINES_INVALID, with line and column, SSTITCH_LINES_CUT_OFF,
   * SSTITCH_LINES_DAMAGED, SSTITCH_LINES_TOO_LARGE, SSTITCH_LINES_VERSION_UNSUPPORTED,
   * SSTITCH_LINES_SYNC_NOT_FOUND, SSTITCH_LINES_CLOSED, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
   */
  batches(options?: BatchOptions): AsyncGenerator<RecordBatch, void, undefined>;
}

const DEFAULT_MAX_LINE_BYTES = 128 * 2 ** 20;
const MAX_BATCH_RECORDS = 250;
const MAX_BATCH_CHARACTERS = 4 * 2 ** 20;
/** Only such an escape makes a text of half a character, which no record can hold. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * Opens JSON Lines, compressed by gzip or zstd or not; docs/formats/json-lines.md has the format. Nothing is read yet.
 * @throws LinesError SSTITCH_OPTION_INVALID
 */
export function openJsonLines(input: LinesInput, options: JsonLinesOptions = {}): JsonLinesSource {
  const { maxLineBytes = DEFAULT_MAX_LINE_BYTES } = options;
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new LinesError(
      'SSTITCH_OPTION_INVALID',
      `maxLineBytes must be a whole number from 1 on, not ${String(maxLineBytes)}`,
    );
  }
  return new OpenJsonLines(input, { ...options, maxLineBytes });
}

class OpenJsonLines implements JsonLinesSource {
  readonly #input: LinesInput;
  readonly #name: string | undefined;
  readonly #maxLineBytes: number;
  #isConsumed = false;

  constructor(input: LinesInput, options: JsonLinesOptions & { readonly maxLineBytes: number }) {
    this.#input = input;
    this.#name = options.name ?? (typeof input === 'string' ? input : undefined);
    this.#maxLineBytes = options.maxLineBytes;
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
      found.add(syncId);
      if (!batch.hasRoomFor(next)) yield batch.take();
      batch.add(next);
    }
    if (!batch.isEmpty) yield batch.take();
    const missing = syncIds?.find((syncId) => !found.has(syncId));
    if (missing === undefined) return;
    const held = [...found].slice(0, 10).join(', ');
    throw new LinesError(
      'SSTITCH_LINES_SYNC_NOT_FOUND',
      `no record of sync ${missing} is here${held === '' ? '' : `, only of ${held}`}`,
      { path: this.#name },
    );
  }

  /** Does nothing: a file is open only while it is read. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async *#records(signal: AbortSignal | undefined): AsyncGenerator<ReadRecord, void, undefined> {
    const name = this.#name;
    if (this.#isConsumed) {
      throw new LinesError('SSTITCH_LINES_CLOSED', 'the stream has been read', { path: name });
    }
    this.#isConsumed = typeof this.#input !== 'string';
    const file = new FileState(name);
    const chunks = readBytes(this.#input, { name, signal });
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

/** Where in a file, or several that follow each other, the reading is. */
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
   * @throws SyntaxError; NoRecord; LinesError
   */
  take(line: Line): LineRecord | undefined {
    const object: unknown = JSON.parse(line.text);
    this.#lastLine = line.number;
    if (!isObject(object)) throw new NoRecord('it is not a JSON object', []);
    const { type } = object;
    if (type === 'header') {
      this.#begin(object);
      return undefined;
    }
    if (type === 'end') {
      this.#endFile(object);
      return undefined;
    }
    if (this.#state === 'ended') throw new NoRecord('the line before is the end of the file', []);
    if (this.#state === 'start') this.#state = 'bare';
    const found = recordOfObject(object);
    if (!isSyncId(found.record.syncId)) {
      throw new NoRecord(`${JSON.stringify(found.record.syncId)} is not a sync id`, [
        'record',
        'sync_id',
      ]);
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
      'the file ends without its last line: it is cut off; export or copy it again',
      { path: this.#name, line: this.#lastLine },
    );
  }

  #begin({ format, version }: Readonly<Record<string, unknown>>): void {
    if (this.#state === 'headed' || this.#state === 'bare') {
      throw new NoRecord('a header is the first line of a file', []);
    }
    if (format !== FORMAT) throw new NoRecord(`"format" is not ${FORMAT}`, ['format']);
    if (!Number.isSafeInteger(version) || Number(version) < 1) {
      throw new NoRecord('"version" is not a whole number from 1 on', ['version']);
    }
    if (Number(version) > VERSION) {
      throw new LinesError(
        'SSTITCH_LINES_VERSION_UNSUPPORTED',
        `the file is of version ${version}, and ${VERSION} is the latest that is known here: read it with a later version of SSTitch`,
        { path: this.#name },
      );
    }
    this.#state = 'headed';
    this.#records = 0;
  }

  #endFile({ records }: Readonly<Record<string, unknown>>): void {
    if (this.#state !== 'headed') throw new NoRecord('no header is before this end', []);
    if (records !== this.#records) {
      throw new NoRecord(
        `${this.#records} records are in the file and ${JSON.stringify(records)} were written: lines are missing or were added; remove this line and the header if that is meant`,
        ['records'],
      );
    }
    this.#state = 'ended';
  }
}

/** protobuf checks the texts of all other fields. @throws NoRecord */
function checkProfile(record: SyncRecord): void {
  try {
    encodeRecord(record);
  } catch (cause) {
    throw new NoRecord(messageOf(cause), ['record', 'profile'], cause);
  }
}

/** The error for a line, with the place in it. */
async function placed(error: unknown, line: Line, path: string | undefined): Promise<LinesError> {
  if (error instanceof LinesError) return error;
  const details = { path, line: line.number, cause: error };
  if (error instanceof SyntaxError) {
    const { problem, column } = await syntaxProblem(line.text);
    return new LinesError('SSTITCH_LINES_INVALID', problem, { ...details, column });
  }
  const column = error instanceof NoRecord ? await columnOf(line.text, error.at) : undefined;
  return new LinesError('SSTITCH_LINES_INVALID', messageOf(error), { ...details, column });
}

/** Records of one sync and one bucket, all with or all without bytes of their own. */
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

  /** There must be something in it. */
  take(): RecordBatch {
    const records = this.#records;
    const [{ bucket, record, value }] = records as [ReadRecord];
    this.#records = [];
    this.#characters = 0;
    if (value === undefined) {
      const messages: SyncRecord[] = records.map((each) => each.record);
      // Each is of the bucket, as `hasRoomFor` has it.
      return RecordBatch.ofRecords(record.syncId, bucket, messages as never[]);
    }
    const values = records.flatMap((each) => (each.value === undefined ? [] : [each.value]));
    return RecordBatch.ofValues(record.syncId, bucket, values);
  }
}
