// Writes syncs as JSON Lines.
import type { RecordBatch, SyncRecord, SyncSink } from '@sstitch/records';
import { LinesError, messageOf } from '../errors.js';
import { type LinesTarget, Output, type OutputOptions } from '../streams/write-output.js';
import { endOf, HEADER } from './file-lines.js';
import { recordObject } from './record-object.js';

/** What was written. */
export interface WrittenLines {
  /** How many syncs. */
  readonly syncs: number;
  /** How many records, runs and statistics among them. */
  readonly records: number;
}

/** Syncs on their way into JSON Lines. A file has its name once `finish` has settled. */
export interface JsonLinesWriter extends SyncSink<WrittenLines> {
  /**
   * Adds records, in any order; they are written in this order.
   * @throws LinesError SSTITCH_LINES_NOT_REPRESENTABLE, SSTITCH_FILE_OPERATION, SSTITCH_LINES_CLOSED, SSTITCH_ABORTED
   */
  add(batch: RecordBatch): Promise<void>;
  /** @throws LinesError, as `add` */
  finish(): Promise<WrittenLines>;
}

/**
 * Starts a file or stream of JSON Lines; docs/formats/json-lines.md has the format.
 * @param target a path, whose file is replaced at the end, or a stream, which is not ended
 * @throws LinesError SSTITCH_OPTION_INVALID, SSTITCH_ABORTED
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
