// Scans a log from beginning to end in bounded memory, and checks every checksum and every batch.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { FIRST, FULL, LAST, LOG_HEADER_SIZE_BYTES, readLogFragments } from './log-format.js';
import { withLogFile } from './log-source.js';
import { BatchParser, type LoggedOperation, type ParsedBatch } from './write-batch.js';

/** The result of a scan. */
export interface LogScan {
  readonly sizeBytes: number;
  readonly operations: number;
  /** The sequence of the first operation, or undefined if there is none. */
  readonly firstSequence: number | undefined;
  /** The sequence of the last operation, or undefined if there is none. */
  readonly lastSequence: number | undefined;
  /** The offset at which the last sound record ends. */
  readonly soundBytes: number;
  /** The offset of an incomplete last record, as a crash leaves it, if there is one. */
  readonly tornAt: number | undefined;
  /** The damage, if there is any. Acknowledged writes may follow it. */
  readonly damage: EngineError | undefined;
}

export interface ScanOptions {
  /** The path that errors name. @defaultValue the path of the log */
  readonly blame?: string;
  readonly checkCancelled: () => void;
  /** Called with each batch and the offset of its record. It may throw an EngineError to report damage. */
  readonly onBatch?: (batch: ParsedBatch, offset: number) => void;
  /** Called with each operation, even of a batch that turns out to be damaged. Key and value are valid during the call. */
  readonly onOperation?: (operation: LoggedOperation) => void;
}

/** Scans a log. Returns damage in the result; throws other errors. */
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
