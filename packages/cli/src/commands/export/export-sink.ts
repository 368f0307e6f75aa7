// Opens the sink of an export: a file of any format, or standard output.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type C1zWriteOptions, createC1z } from '@sstitch/c1z';
import {
  type Compression,
  createGrantsCsv,
  createJsonLines,
  type LinesTarget,
  writeBytes,
} from '@sstitch/lines';
import { SyncReader, type SyncSink } from '@sstitch/records';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import type { CommandContext } from '../../command-line/command-context.js';
import type { ByteReader } from '../../stores/open-store.js';
import { escapeJsonLines, escapeRows } from '../../terminal/escape.js';
import type { Output } from '../../terminal/io.js';
import type { ExportTarget } from './export-target.js';

/** How to write the target. */
export interface SinkOptions {
  readonly signal: AbortSignal;
  readonly zone: string | undefined;
  readonly byteOrderMark: boolean;
}

/** Opens the sink. @param reader the store that the syncs come from; the .csv format reads names from it */
export async function openSink(
  { io, progress }: Pick<CommandContext, 'io' | 'progress'>,
  target: ExportTarget,
  reader: ByteReader,
  options: SinkOptions,
): Promise<SyncSink<unknown>> {
  const { format, realPath: path } = target;
  const { signal, byteOrderMark } = options;
  const compression = target.compression ?? 'none';
  const clear = () => progress.clear();
  const to = path ?? new OutputStream(io.stdout, format === 'csv' ? 'csv' : 'jsonl', clear);
  switch (format) {
    case 'jsonl':
      return createJsonLines(to, { signal, compression });
    case 'csv':
      return createGrantsCsv(to, {
        ...{ signal, compression, byteOrderMark, names: new SyncReader(reader) },
      });
    case 'c1z':
    case 'c1z1': {
      const c1z: C1zWriteOptions = {
        ...{ format: format === 'c1z' ? 3 : 1, zone: options.zone, signal },
        onProgress: (written) =>
          progress.update({
            doing: written.unit === 'indexes' ? 'indexing' : 'writing the file',
            ...written,
          }),
      };
      if (path !== undefined && compression === 'none') return createC1z(path, c1z);
      return copiedC1z(path ?? new OutputStream(io.stdout, 'bytes', clear), c1z, compression);
    }
  }
}

/** A sink that builds a .c1z file in the temporary directory and then copies it, perhaps compressed, to the target. */
async function copiedC1z(
  target: LinesTarget,
  options: C1zWriteOptions,
  compression: Compression | 'none',
): Promise<SyncSink<unknown>> {
  const directory = await makeTemporaryDirectory('sstitch-export-');
  const path = join(directory, 'made.c1z');
  try {
    const writer = await createC1z(path, options);
    const close = async () => {
      await writer.close();
      await removeTemporary(directory);
    };
    return {
      add: (batch) => writer.add(batch),
      finish: async () => {
        await writer.finish();
        const bytes = createReadStream(path) as AsyncIterable<Uint8Array>;
        await writeBytes(target, bytes, { signal: options.signal, compression });
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await removeTemporary(directory);
    throw error;
  }
}

/** Standard output as a stream. Escapes what a terminal would act on. */
class OutputStream extends Writable {
  readonly #output: Output;
  readonly #content: 'jsonl' | 'csv' | 'bytes';
  readonly #clear: () => Promise<void>;
  readonly #decoder = new TextDecoder();

  constructor(output: Output, content: 'jsonl' | 'csv' | 'bytes', clear: () => Promise<void>) {
    super();
    this.#output = output;
    this.#content = content;
    this.#clear = clear;
    // Whatever writes to the stream rejects with the error.
    this.on('error', () => undefined);
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#pass(chunk).then(
      () => done(),
      (error) => done(error),
    );
  }

  async #pass(chunk: Uint8Array): Promise<void> {
    if (!this.#output.isTerminal || this.#content === 'bytes') {
      return this.#output.write(chunk);
    }
    const text = this.#decoder.decode(chunk, { stream: true });
    await this.#clear();
    await this.#output.write(this.#content === 'jsonl' ? escapeJsonLines(text) : escapeRows(text));
  }
}
