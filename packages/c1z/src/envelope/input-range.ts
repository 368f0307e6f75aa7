// Bytes of an open file, read by position. Every read is checked against the range's end before memory is set
// aside for it.
import { readSync } from 'node:fs';
import { C1zError, messageOf } from '../errors.js';

/** A .c1z file, or a file made of a part of one. */
export interface InputFile {
  /** Left open. */
  readonly fileDescriptor: number;
  /** The .c1z file, for messages. */
  readonly path: string;
  readonly fileBytes: number;
}

/** Some of the bytes of a file. */
export interface InputRange {
  readonly file: InputFile;
  /** What the bytes are, for messages: 'manifest', 'index', a file of the payload. */
  readonly part: string | undefined;
  /** In the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes from `offset` on, `length` of them, in memory of their own.
 * @param offset in the file
 * @throws C1zError SSTITCH_C1Z_CORRUPT where the range ends before, SSTITCH_FILE_OPERATION
 */
export function readExactly(range: InputRange, offset: number, length: number): Uint8Array {
  const { path } = range.file;
  const { part } = range;
  if (offset + length > range.end) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${length} bytes are expected here, but ${range.end - offset} follow: the file was cut off, or what points here is wrong; copy it again from where it was written`,
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
 * Fills `target` from `offset` on; returns how many bytes there were, fewer only at the end of the range.
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
