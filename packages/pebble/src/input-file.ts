// A file of the database, open for reading. Every read is checked against the file's size before memory is
// allocated for it.

import type { FileHandle } from '@sstitch/sst';
import { corrupt, incomplete, messageOf, PebbleError, unsupported } from './errors.js';
import type { ReadableFileSystem } from './options.js';

export class InputFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  /**
   * Opens a regular file; any other kind could block the process or be endless.
   *
   * @param wantedBy the reason, for the message if the file is missing, such as 'the MANIFEST names this table'
   */
  static open(fileSystem: ReadableFileSystem, path: string, wantedBy: string): InputFile {
    const { kind } = fileOperation(path, wantedBy, () => fileSystem.status(path));
    if (kind !== 'file') {
      throw unsupported(`this is a ${kind}, not a regular file: put a copy of the file here`, {
        path,
      });
    }
    const handle = fileOperation(path, wantedBy, () => fileSystem.open(path, 'read'));
    try {
      return new InputFile(
        path,
        handle,
        fileOperation(path, wantedBy, () => handle.sizeBytes()),
      );
    } catch (error) {
      closeReadFile(handle);
      throw error;
    }
  }

  /** Reads `length` bytes from `offset` on into new memory. */
  read(offset: number, length: number): Uint8Array {
    const at = { path: this.path, offset };
    if (offset + length > this.sizeBytes) {
      throw corrupt(
        `${length} bytes are expected here, but the file ends at byte ${this.sizeBytes}: it was truncated, or the pointer to here is wrong`,
        at,
      );
    }
    const bytes = new Uint8Array(length);
    const count = fileOperation(this.path, '', () => this.#handle.read(bytes, offset));
    if (count < length) throw corrupt('the file became shorter while it was read', at);
    return bytes;
  }

  close(): void {
    closeReadFile(this.#handle);
  }
}

/** Closes a file that was only read. A failure loses nothing, so it does not hide another or keep files open. */
function closeReadFile(handle: FileHandle): void {
  try {
    handle.close();
  } catch {
    // The caller has what it has read.
  }
}

function fileOperation<T>(path: string, wantedBy: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw incomplete(
        'SSTITCH_PEBBLE_NOT_FOUND',
        `the file is missing, but ${wantedBy}`,
        { path },
        cause,
      );
    }
    throw ioError(path, cause);
  }
}

/** The error for a failure of the file system. */
export function ioError(path: string, cause: unknown): PebbleError {
  return new PebbleError(
    'SSTITCH_PEBBLE_IO',
    `the file system failed: ${messageOf(cause)}`,
    { path },
    cause,
  );
}

/** The Node code of an error, such as 'ENOENT'. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
