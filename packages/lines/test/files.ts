import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { LinesError } from '../src/errors.js';

/** A directory that is removed after the test. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-lines-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Splits bytes into chunks of `size`. */
export async function* chunksOf(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A stream that keeps what is written to it. */
export class MemoryStream extends Writable {
  readonly #chunks: Uint8Array[] = [];

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }
}

/** The LinesError with which `run` rejects. */
export async function errorOf(run: () => Promise<unknown>): Promise<LinesError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof LinesError) return error;
    throw error;
  }
  throw new Error('no error');
}
