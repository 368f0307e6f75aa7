// Builds a table in memory, so that its size is known before its first byte goes to the sink.

import { type EntryCursor, type FileHandle, TableBuilder } from '@sstitch/sst';
import type { CheckedWriteOptions } from '../write-options.js';

/** A finished table, as the MANIFEST describes it. */
export interface WrittenTable {
  readonly number: number;
  readonly sizeBytes: number;
  /** The smallest and the largest internal key. */
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** A table that is being built. */
export class TableOutput {
  readonly #number: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #builder: TableBuilder;

  constructor(
    number: number,
    { blockSizeBytes, compression, bloomBitsPerKey }: CheckedWriteOptions,
  ) {
    this.#number = number;
    this.#builder = new TableBuilder(memoryFile(this.#chunks), {
      blockSizeBytes,
      compression,
      bloomBitsPerKey,
      properties: true,
    });
  }

  get sizeBytes(): number {
    return this.#builder.sizeBytes;
  }

  /** Adds an entry. @throws SstError as in `TableBuilder.addFrom` */
  add(entry: EntryCursor): void {
    this.#builder.addFrom(entry);
  }

  finish(): { readonly table: WrittenTable; readonly chunks: readonly Uint8Array[] } {
    const { sizeBytes, smallest, largest } = this.#builder.finish();
    return { table: { number: this.#number, sizeBytes, smallest, largest }, chunks: this.#chunks };
  }

  abandon(): void {
    this.#builder.abandon();
  }
}

/** The file operations that a table builder needs. The builder reuses its buffer, so this copies the chunks. */
function memoryFile(chunks: Uint8Array[]): FileHandle {
  return {
    write: (bytes) => {
      chunks.push(bytes.slice());
    },
    read: () => 0,
    sizeBytes: () => 0,
    sync: () => {},
    close: () => {},
  };
}
