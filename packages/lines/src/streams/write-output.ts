// Writes a file, which has its name only when it is complete and on stable storage, or a stream; compressed or not.
import { createWriteStream, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished, PassThrough, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { removeTemporary, temporaryFileIn } from '@sstitch/records/temporary-files';
import { LinesError, messageOf, throwIfAborted } from '../errors.js';
import { type Compression, splitCompression } from './compression.js';
import { zstdCompressor } from './zstd.js';

/** The path of a file, or a stream such as `process.stdout`, which is left open. */
export type LinesTarget = string | Writable;

/** Options of the writers. */
export interface OutputOptions {
  /**
   * The compression.
   * @defaultValue by the name of the file: `.gz`, `.zst`; none for a stream
   */
  readonly compression?: Compression | 'none' | undefined;
  /** Aborts the writing, which then leaves no file. */
  readonly signal?: AbortSignal | undefined;
}

/** The output to a target. */
export class Output {
  /** The path of the file; undefined for a stream. */
  readonly path: string | undefined;
  readonly #signal: AbortSignal | undefined;
  /** The path of the file until it is complete. */
  readonly #unfinishedPath: string | undefined;
  readonly #first: Transform;
  /** Settles when all bytes have passed through. */
  readonly #passed: Promise<void>;
  /** Called when there is room for more, or when the output has failed. */
  #waiting: Array<() => void> = [];
  #isFailed = false;
  #isEnded = false;

  /** @throws LinesError SSTITCH_ABORTED, SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION */
  constructor(target: LinesTarget, { compression, signal }: OutputOptions) {
    this.path = typeof target === 'string' ? target : undefined;
    throwIfAborted(signal, this.path);
    this.#signal = signal;
    // Checks the option before a file is created.
    this.#first = compressor(compression ?? compressionFor(target));
    let last: Writable;
    if (typeof target === 'string') {
      checkReplaceable(target);
      this.#unfinishedPath = temporaryFileIn(dirname(target));
      last = createWriteStream(this.#unfinishedPath, { flags: 'wx', flush: true });
    } else {
      last = passingTo(target);
    }
    this.#passed = pipeline(this.#first, last, { ...(signal && { signal }) });
    this.#first.on('drain', () => this.#wake());
    this.#passed.catch(() => {
      this.#isFailed = true;
      this.#wake();
    });
  }

  /** Fulfils when there is room for more. @throws LinesError */
  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    const hasRoom = this.#first.write(bytes);
    // Not a race with #passed, which would keep something of every race until the end of the output.
    if (!hasRoom && !this.#isFailed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#isFailed) await this.#worked(this.#passed);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Completes the file and gives it its name. @throws LinesError */
  async finish(): Promise<void> {
    this.#checkOpen();
    this.#isEnded = true;
    this.#first.end();
    await this.#worked(this.#passed);
    if (this.path === undefined || this.#unfinishedPath === undefined) return;
    throwIfAborted(this.#signal, this.path);
    await this.#worked(rename(this.#unfinishedPath, this.path));
    await this.#worked(fsyncDirectory(dirname(this.path)));
  }

  /** Ends the writing; removes the file unless `finish` has completed it. May be called twice. */
  async close(): Promise<void> {
    this.#isEnded = true;
    this.#first.destroy();
    await this.#passed.catch(() => undefined);
    if (this.#unfinishedPath !== undefined) await removeTemporary(this.#unfinishedPath);
  }

  #checkOpen(): void {
    throwIfAborted(this.#signal, this.path);
    if (!this.#isEnded) return;
    throw new LinesError('SSTITCH_LINES_CLOSED', 'the writer is closed', { path: this.path });
  }

  async #worked<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      throwIfAborted(this.#signal, this.path);
      throw new LinesError('SSTITCH_FILE_OPERATION', `cannot be written: ${messageOf(cause)}`, {
        path: this.path,
        cause,
      });
    }
  }
}

function compressionFor(target: LinesTarget): Compression | 'none' {
  return (typeof target === 'string' ? splitCompression(target).compression : undefined) ?? 'none';
}

/**
 * Checks that a path can be replaced by a file: the file is written beside it, and renamed.
 * @throws LinesError SSTITCH_FILE_OPERATION
 */
function checkReplaceable(path: string): void {
  const problem = (what: string, cause?: unknown) =>
    new LinesError('SSTITCH_FILE_OPERATION', `cannot be written: ${what}`, { path, cause });
  let isOther: boolean;
  try {
    isOther = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch (cause) {
    throw problem(messageOf(cause), cause);
  }
  if (isOther) throw problem('it exists and is not a file');
}

/** Streams that have a listener for errors; without one, an error ends the process. */
const heard = new WeakSet<Writable>();

/**
 * Returns a stream that passes bytes on to `target`, which stays open. A pipeline needs this stream, because it would
 * leave listeners on a target that it does not end.
 */
function passingTo(target: Writable): Writable {
  // The write that fails rejects with the error.
  if (!heard.has(target)) target.on('error', () => undefined);
  heard.add(target);
  let stopListening = (): void => undefined;
  const passing = new Writable({
    write: (chunk, _encoding, done) => void target.write(chunk, done),
    destroy: (error, done) => {
      stopListening();
      done(error);
    },
  });
  // A stream that is closed need not answer a write.
  stopListening = finished(target, { readable: false }, (error) => {
    passing.destroy(error ?? new Error('the stream has ended'));
  });
  return passing;
}

/** @throws LinesError SSTITCH_OPTION_INVALID */
function compressor(compression: Compression | 'none'): Transform {
  switch (compression) {
    case 'none':
      return new PassThrough();
    case 'gzip':
      return createGzip();
    case 'zstd':
      return zstdCompressor();
    default:
      throw new LinesError(
        'SSTITCH_OPTION_INVALID',
        `compression must be "gzip", "zstd" or "none", not ${JSON.stringify(compression)}`,
      );
  }
}

/** Forces a directory to stable storage, on systems that support it. */
async function fsyncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
