// The parts of an open table, which are internal to sst, for tests that damage one.
import type { BlockHandle, TableReader } from '@sstitch/sst';

interface TableParts {
  readonly index: {
    /** Returns the number of the data block that may hold a key. */
    find(internalKey: Uint8Array, lengthBytes: number): number;
  };
  readonly footer: { readonly index: BlockHandle };
  readonly filter: { readonly handle: BlockHandle } | undefined;
}

/** Returns the parts of a table. */
export function partsOf(reader: TableReader): TableParts {
  return (reader as unknown as { readonly parts: TableParts }).parts;
}
