// Reads the operations of a sound log in pieces that fit into memory, to write them to a database again.

import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import type { NativeOperation } from './level-database.js';
import { FIRST, FULL, LAST, LOG_HEADER_SIZE_BYTES, readLogFragments } from './log-format.js';
import { withLogFile } from './log-source.js';
import { BatchParser, type LoggedOperation } from './write-batch.js';

/** A piece ends when it holds this much. Each piece of one large batch reads the batch from its beginning. */
const MAX_PIECE_BYTES = 32 * 1024 * 1024;

/** Where to go on in a log. */
export interface LogPosition {
  /** Of a record. */
  readonly offset: number;
  /** Operations of that record that were read. */
  readonly skip: number;
}

export interface ReadOperationsInput {
  readonly path: string;
  /** What `scanLog` found: what follows was never finished. */
  readonly soundBytes: number;
  readonly from: LogPosition;
}

export interface ReadOperations {
  readonly operations: readonly NativeOperation[];
  /** Undefined at the end of the log. */
  readonly next: LogPosition | undefined;
}

/** @throws EngineError SSTITCH_STORE_CORRUPT for a log that is not as it was when it was scanned */
function readOperations(
  fileSystem: FileSystem,
  { path, soundBytes, from }: ReadOperationsInput,
  checkCancelled: () => void,
): ReadOperations {
  return withLogFile(fileSystem, path, (source) => {
    const operations: NativeOperation[] = [];
    let bytes = 0;
    let recordOffset = from.offset;
    let index = 0;
    const take = (operation: LoggedOperation) => {
      if (index++ < from.skip && recordOffset === from.offset) return;
      operations.push(copyOf(operation));
      bytes += operation.key.byteLength + (operation.value?.byteLength ?? 0);
    };
    let parser = new BatchParser(path, from.offset, take);
    const options = { lastMayBeBroken: true, from: from.offset };
    for (const { type, data, offset } of readLogFragments(source, path, options)) {
      if (offset >= soundBytes) break;
      if (type === FULL || type === FIRST) {
        checkCancelled();
        recordOffset = offset;
        index = 0;
        parser = new BatchParser(path, offset, take);
      }
      parser.push(data);
      const isLast = type === FULL || type === LAST;
      if (isLast) parser.end();
      if (bytes < MAX_PIECE_BYTES) continue;
      const end = offset + LOG_HEADER_SIZE_BYTES + data.byteLength;
      const next = isLast ? { offset: end, skip: 0 } : { offset: recordOffset, skip: index };
      return { operations, next };
    }
    return { operations, next: undefined };
  });
}

export const readOperationsTask = defineTask('readOperations', readOperations);

function copyOf({ type, key, value }: LoggedOperation): NativeOperation {
  if (type === 'del') return { type, key: key.slice() };
  return { type, key: key.slice(), value: value?.slice() ?? new Uint8Array(0) };
}
