// Reads a log from its beginning to its end with bounded memory: every checksum, every batch. What is sound
// in it, and where that ends.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { FIRST, FULL, LAST, LOG_HEADER_SIZE_BYTES, readLogFragments } from './log-format.js';
import { withLogFile } from './log-source.js';
import { BatchParser, type LoggedOperation, type ParsedBatch } from './write-batch.js';

/** What is in a log. */
export interface LogScan {
  readonly sizeBytes: number;
  readonly operations: number;
  /** Of the first operation; undefined of a log that holds none. */
  readonly firstSequence: number | undefined;
  /** Of the last operation. */
  readonly lastSequence: number | undefined;
  /** Where the last whole record ends. */
  readonly soundBytes: number;
  /** Where an end begins that a crash leaves: a record that was never finished. */
  readonly tornAt: number | undefined;
  /** What is wrong before the end: records that were acknowledged follow it, or followed it. */
  readonly damage: EngineError | undefined;
}

export interface ScanOptions {
  /** The path that errors name. @defaultValue the path that is read */
  readonly blame?: string;
  readonly checkCancelled: () => void;
  /** Gets each batch and the offset of its record. Throws what is wrong with it. */
  readonly onBatch?: (batch: ParsedBatch, offset: number) => void;
  /** Gets each operation, also of a batch that turns out broken. Key and value are valid during the call. */
  readonly onOperation?: (operation: LoggedOperation) => void;
}

/** Scans a log; damage is in the result. See the head of this file. */
export function scanLog(fileSystem: FileSystem, path: string, options: ScanOptions): LogScan {
  const { blame = path, checkCancelled, onBatch, onOperation } = options;
  return withLogFile(fileSystem, path, (source) => {
    let operations = 0;
    let firstSequence: number | undefined;
    let lastSequence: number | undefined;
    let soundBytes = 0;
    let recordAt = 0;
    let parser: BatchParser | undefined;
    const endBatch = (batch: ParsedBatch, end: number) => {
      if (lastSequence !== undefined && batch.sequence <= lastSequence) {
        throw new EngineError('SSTITCH_STORE_CORRUPT', 'a batch of a log has an older sequence', {
          path: blame,
          offset: recordAt,
        });
      }
      onBatch?.(batch, recordAt);
      if (batch.operations > 0) {
        firstSequence ??= batch.sequence;
        lastSequence = batch.sequence + batch.operations - 1;
        operations += batch.operations;
      }
      soundBytes = end;
    };
    const result = (tornAt: number | undefined, damage: EngineError | undefined): LogScan => ({
      ...{ sizeBytes: source.sizeBytes, operations, firstSequence, lastSequence },
      ...{ soundBytes, tornAt, damage },
    });
    try {
      const fragments = readLogFragments(source, blame, { lastMayBeBroken: true });
      for (;;) {
        const next = fragments.next();
        if (next.done) return result(parser === undefined ? next.value : recordAt, undefined);
        const { type, data, offset } = next.value;
        if (type === FULL || type === FIRST) {
          checkCancelled();
          recordAt = offset;
          parser = new BatchParser(blame, offset, onOperation);
        }
        parser?.push(data);
        if (type !== FULL && type !== LAST) continue;
        if (parser) endBatch(parser.end(), offset + LOG_HEADER_SIZE_BYTES + data.byteLength);
        parser = undefined;
      }
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'SSTITCH_STORE_CORRUPT') throw error;
      return result(undefined, error);
    }
  });
}
