// Writes a file, which has its name only when it is complete and on stable storage, or a stream; compressed or not.
import { createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough, type Transform, type Writable } from 'node:stream';
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
  readonly #last: Writable;
  /** The path of the file until it is complete. */
  readonly #unfinishedPath: string | undefined;
  readonly #first: Transform;
  /** Settles when all bytes have passed through. */
  readonly #passed: Promise<void>;
  /** Called when there is room for more, or when the output has failed. */
  #waiting: Array<() => void> = [];
  #isFailed = false;
  #isEnded = false;

  /** @throws LinesError SSTITCH_ABORTED, SSTITCH_OPTION_INVALID */
  constructor(target: LinesTarget, { compression, signal }: OutputOptions) {
    this.path = typeof target === 'string' ? target : undefined;
    throwIfAborted(signal, this.path);
    this.#signal = signal;
    // Checks the option before a file is created.
    this.#first = compressor(compression ?? compressionFor(target));
    this.#unfinishedPath =
      typeof target === 'string' ? temporaryFileIn(dirname(target)) : undefined;
    this.#last =
      typeof target === 'string'
        ? createWriteStream(this.#unfinishedPath ?? '', { flags: 'wx', flush: true })
        : target;
    this.#passed = pipeline(this.#first, this.#last, {
      ...(signal && { signal }),
      end: typeof target === 'string',
    });
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
    if (this.path === undefined || this.#unfinishedPath === undefined) return this.#flush();
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

  /** Fulfils when a stream, which is left open, has passed on all bytes. */
  #flush(): Promise<void> {
    const flushed = new Promise<void>((resolve, reject) => {
      this.#last.write(new Uint8Array(0), (error) => (error ? reject(error) : resolve()));
    });
    return this.#worked(flushed);
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
