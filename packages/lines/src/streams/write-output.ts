// What is written: a file, which has its name once it is complete and on stable storage, or a stream. Compressed or
// not.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough, type Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { LinesError, messageOf, throwIfAborted } from '../errors.js';
import { type Compression, splitCompression } from './compression.js';
import { zstdCompressor } from './zstd.js';

/** The path of a file, or a stream such as `process.stdout`, which is not ended. */
export type LinesTarget = string | Writable;

/** How something is written. */
export interface OutputOptions {
  /**
   * How it is compressed.
   * @defaultValue what the name of a file says: `.gz`, `.zst`; a stream is not compressed
   */
  readonly compression?: Compression | 'none' | undefined;
  /** Ends the writing, and leaves nothing of it in a file. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes on their way to a target. */
export class Output {
  /** The file; undefined for a stream. */
  readonly path: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #last: Writable;
  /** What a file is called until it is complete. */
  readonly #unfinishedPath: string | undefined;
  readonly #first: Transform;
  /** Settles once all has gone through. */
  readonly #passed: Promise<void>;
  #isFailed = false;
  #isEnded = false;

  /** @throws LinesError SSTITCH_ABORTED, SSTITCH_OPTION_INVALID */
  constructor(target: LinesTarget, { compression, signal }: OutputOptions) {
    this.path = typeof target === 'string' ? target : undefined;
    throwIfAborted(signal, this.path);
    this.#signal = signal;
    // It checks its option: before a file is made.
    this.#first = compressor(compression ?? compressionFor(target));
    this.#unfinishedPath =
      typeof target === 'string'
        ? join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.tmp`)
        : undefined;
    this.#last =
      typeof target === 'string'
        ? createWriteStream(this.#unfinishedPath ?? '', { flags: 'wx', flush: true })
        : target;
    this.#passed = pipeline(this.#first, this.#last, {
      ...(signal && { signal }),
      end: typeof target === 'string',
    });
    this.#passed.catch(() => {
      this.#isFailed = true;
    });
  }

  /** Settles once there is room for more. @throws LinesError */
  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    const drained = this.#first.write(bytes)
      ? undefined
      : new Promise<void>((resolve) => this.#first.once('drain', resolve));
    if (drained !== undefined || this.#isFailed) {
      await this.#worked(Promise.race([this.#passed, drained ?? this.#passed]));
    }
  }

  /** Makes the file complete, and gives it its name. @throws LinesError */
  async finish(): Promise<void> {
    this.#checkOpen();
    this.#isEnded = true;
    this.#first.end();
    await this.#worked(this.#passed);
    if (this.path === undefined || this.#unfinishedPath === undefined) return this.#flush();
    throwIfAborted(this.#signal, this.path);
    await this.#worked(rename(this.#unfinishedPath, this.path));
    await this.#worked(fsyncDirectory(dirname(this.path)));
  }

  /** Without `finish` before, nothing is left of a file. May be called twice. */
  async close(): Promise<void> {
    this.#isEnded = true;
    this.#first.destroy();
    await this.#passed.catch(() => undefined);
    if (this.#unfinishedPath !== undefined) await rm(this.#unfinishedPath, { force: true });
  }

  /** Settles once a stream, which is not ended, has passed on what it was given. */
  #flush(): Promise<void> {
    const flushed = new Promise<void>((resolve, reject) => {
      this.#last.write(new Uint8Array(0), (error) => (error ? reject(error) : resolve()));
    });
    return this.#worked(flushed);
  }

  #checkOpen(): void {
    throwIfAborted(this.#signal, this.path);
    if (!this.#isEnded) return;
    throw new LinesError('SSTITCH_LINES_CLOSED', 'the writing has ended', { path: this.path });
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

/** Returns when the names in a directory are on stable storage, where the system knows of such a thing. */
async function fsyncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
