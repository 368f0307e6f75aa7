// Reads bytes of an open file by position. Every read is checked against the end of the range before memory is
// allocated for it.
import { readSync } from 'node:fs';
import { C1zError, messageOf } from '../errors.js';

/** A .c1z file, or a file decoded from a part of one. */
export interface InputFile {
  /** The descriptor, which is not closed. */
  readonly fileDescriptor: number;
  /** The path of the .c1z file, for messages. */
  readonly path: string;
  readonly fileBytes: number;
}

/** A range of the bytes of a file. */
export interface InputRange {
  readonly file: InputFile;
  /** The name of the range for messages: 'manifest', 'index', a file of the payload. */
  readonly part: string | undefined;
  /** The start of the range in the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads `length` bytes from `offset` on into new memory.
 * @param offset the offset in the file
 * @throws C1zError SSTITCH_C1Z_CORRUPT if the range ends before, SSTITCH_FILE_OPERATION
 */
export function readExactly(range: InputRange, offset: number, length: number): Uint8Array {
  const { path } = range.file;
  const { part } = range;
  if (offset + length > range.end) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${length} bytes are expected here, but ${range.end - offset} follow: the file was truncated, or the pointer to here is wrong; copy it again from its origin`,
      { path, part, offset },
    );
  }
  const bytes = new Uint8Array(length);
  if (readSome(range, offset, bytes) < length) {
    throw new C1zError('SSTITCH_C1Z_CORRUPT', 'the file became shorter while it was read', {
      path,
      part,
      offset,
    });
  }
  return bytes;
}

/**
 * Fills `target` from `offset` on; returns the number of bytes read, which is less only at the end of the range.
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
export function readSome(range: InputRange, offset: number, target: Uint8Array): number {
  const wanted = Math.min(target.length, Math.max(0, range.end - offset));
  let done = 0;
  try {
    while (done < wanted) {
      const count = readSync(range.file.fileDescriptor, target, done, wanted - done, offset + done);
      if (count === 0) break;
      done += count;
    }
  } catch (cause) {
    throw new C1zError('SSTITCH_FILE_OPERATION', `cannot read: ${messageOf(cause)}`, {
      path: range.file.path,
      part: range.part,
      offset,
      cause,
    });
  }
  return done;
}
