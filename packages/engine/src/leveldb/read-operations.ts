// Reads the operations of a sound log in chunks of bounded size, to replay them into a database.

import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import type { NativeOperation } from './level-database.js';
import { FIRST, FULL, LAST, LOG_HEADER_SIZE_BYTES, readLogFragments } from './log-format.js';
import { withLogFile } from './log-source.js';
import { BatchParser, type LoggedOperation } from './write-batch.js';

/** The size from which a chunk ends. Each chunk of a large batch parses the batch from its beginning. */
const MAX_CHUNK_BYTES = 32 * 1024 * 1024;

/** A position between two operations of a log. */
export interface LogPosition {
  /** The offset of a record. */
  readonly offset: number;
  /** The number of operations of that record that were read already. */
  readonly skip: number;
}

export interface ReadOperationsInput {
  readonly path: string;
  /** What `scanLog` returned. Later bytes belong to an incomplete record. */
  readonly soundBytes: number;
  readonly from: LogPosition;
}

/** A chunk of operations. */
export interface ReadOperations {
  readonly operations: readonly NativeOperation[];
  /** The position of the next chunk, or undefined at the end of the log. */
  readonly next: LogPosition | undefined;
}

/** Reads a chunk. @throws EngineError SSTITCH_STORE_CORRUPT if the log has changed since it was scanned */
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
      if (bytes < MAX_CHUNK_BYTES) continue;
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
