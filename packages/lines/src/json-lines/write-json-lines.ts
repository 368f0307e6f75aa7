// Writes syncs as JSON Lines.
import type { RecordBatch, SyncRecord, SyncSink } from '@sstitch/records';
import { LinesError, messageOf } from '../errors.js';
import { type LinesTarget, Output, type OutputOptions } from '../streams/write-output.js';
import { endOf, HEADER } from './file-lines.js';
import { recordObject } from './record-object.js';

/** The totals of written lines. */
export interface WrittenLines {
  /** How many syncs were written. */
  readonly syncs: number;
  /** How many records were written, including runs and statistics. */
  readonly records: number;
}

/** Writes syncs as JSON Lines. The file has its name only after `finish` has fulfilled. */
export interface JsonLinesWriter extends SyncSink<WrittenLines> {
  /**
   * Writes records in the order in which they are added, which may be any order.
   * @throws LinesError SSTITCH_LINES_NOT_REPRESENTABLE, SSTITCH_FILE_OPERATION, SSTITCH_LINES_CLOSED, SSTITCH_ABORTED
   */
  add(batch: RecordBatch): Promise<void>;
  /**
   * Writes the file to stable storage under its name, replacing an existing file; ends a stream's text.
   *
   * @throws LinesError as in `add`
   */
  finish(): Promise<WrittenLines>;
}

/**
 * Starts a file or stream of JSON Lines; docs/formats/json-lines.md describes the format.
 * @param target a path, whose file is replaced at the end, or a stream, which is left open
 * @throws LinesError SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export function createJsonLines(target: LinesTarget, options: OutputOptions = {}): JsonLinesWriter {
  return new OpenJsonLines(new Output(target, options));
}

class OpenJsonLines implements JsonLinesWriter {
  readonly #output: Output;
  readonly #syncIds = new Set<string>();
  #records = 0;
  #isBegun = false;

  constructor(output: Output) {
    this.#output = output;
  }

  async add(batch: RecordBatch): Promise<void> {
    const { syncId, bucket, values } = batch;
    const records = this.#recordsOf(batch);
    let lines = '';
    for (const [at, value] of values.entries()) {
      // `records` has a record for each value.
      lines += lineOf(recordObject(bucket, records[at] as SyncRecord, value));
    }
    this.#syncIds.add(syncId);
    this.#records += batch.length;
    await this.#write(lines);
  }

  async finish(): Promise<WrittenLines> {
    await this.#write(lineOf(endOf(this.#records)));
    await this.#output.finish();
    return { syncs: this.#syncIds.size, records: this.#records };
  }

  close(): Promise<void> {
    return this.#output.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #recordsOf(batch: RecordBatch): readonly SyncRecord[] {
    try {
      return batch.records;
    } catch (cause) {
      throw new LinesError('SSTITCH_LINES_NOT_REPRESENTABLE', messageOf(cause), {
        path: this.#output.path,
        cause,
      });
    }
  }

  async #write(lines: string): Promise<void> {
    const text = this.#isBegun ? lines : lineOf(HEADER) + lines;
    this.#isBegun = true;
    await this.#output.write(Buffer.from(text));
  }
}

function lineOf(object: object): string {
  return `${JSON.stringify(object)}\n`;
}
