// Makes tables as other writers of LevelDB's format do.

import { BlockBuilder } from '../src/block/block-builder.js';
import { maskedChecksum, writeFixed32 } from '../src/encoding/checksum.js';
import {
  BLOCK_TYPE_RAW,
  type BlockHandle,
  encodeFooter,
  writeHandle,
} from '../src/encoding/table-format.js';

export interface ForeignEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ForeignTable {
  /** The entries of each data block, in order. */
  readonly blocks: ReadonlyArray<readonly ForeignEntry[]>;
  /** @defaultValue 16 */
  readonly restartInterval?: number;
  /** @defaultValue 1, as LevelDB's */
  readonly indexRestartInterval?: number;
  /** Encodes a data block. @defaultValue stores it raw */
  readonly store?: (contents: Uint8Array) => { readonly type: number; readonly bytes: Uint8Array };
  /** Blocks that the metaindex names, ordered by name. @defaultValue none */
  readonly named?: ReadonlyArray<readonly [name: string, contents: Uint8Array]>;
  /** Entries of the metaindex that name no block. */
  readonly notes?: ReadonlyArray<readonly [name: string, value: Uint8Array]>;
  /** The size to which each handle is padded with zeros. @defaultValue no padding */
  readonly handleBytes?: number;
  /** The metaindex block. @defaultValue one of the entries above */
  readonly metaindex?: Uint8Array;
}

/** Returns the bytes of the table. The index key of a block is its last key. */
export function foreignTable(table: ForeignTable): Uint8Array {
  const { blocks, restartInterval = 16, indexRestartInterval = 1, named = [], notes = [] } = table;
  const encoded = (handle: BlockHandle) => encodedHandle(handle, table.handleBytes);
  const store = table.store ?? ((bytes: Uint8Array) => ({ type: BLOCK_TYPE_RAW, bytes }));
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (contents: Uint8Array, type: number): BlockHandle => {
    const stored = new Uint8Array(contents.length + 5);
    stored.set(contents);
    stored[contents.length] = type;
    const checksum = maskedChecksum(stored.subarray(0, contents.length + 1));
    writeFixed32(stored, contents.length + 1, checksum);
    parts.push(stored);
    const handle = { offset, size: contents.length };
    offset += stored.length;
    return handle;
  };
  const index: ForeignEntry[] = blocks.map((entries) => {
    const { type, bytes } = store(blockOf(entries, restartInterval));
    return { key: (entries.at(-1) as ForeignEntry).key, value: encoded(add(bytes, type)) };
  });
  const metaindexEntries = [
    ...named.map(([name, contents]) => ({
      key: Uint8Array.from(Buffer.from(name)),
      value: encoded(add(contents, BLOCK_TYPE_RAW)),
    })),
    ...notes.map(([name, value]) => ({ key: Uint8Array.from(Buffer.from(name)), value })),
  ];
  const metaindexHandle = add(table.metaindex ?? blockOf(metaindexEntries, 1), BLOCK_TYPE_RAW);
  const indexHandle = add(blockOf(index, indexRestartInterval), BLOCK_TYPE_RAW);
  parts.push(encodeFooter({ metaindex: metaindexHandle, index: indexHandle }));
  return Uint8Array.from(Buffer.concat(parts));
}

function blockOf(entries: readonly ForeignEntry[], restartInterval: number): Uint8Array {
  const builder = new BlockBuilder(restartInterval);
  let before: Uint8Array | undefined;
  for (const { key, value } of entries) {
    // The builder's comparison cannot be used, as names in a metaindex are not internal keys.
    let shared = 0;
    while (before !== undefined && shared < before.length && before[shared] === key[shared]) {
      shared += 1;
    }
    builder.append(key, key.length, shared, value, 0, value.length);
    before = key;
  }
  return builder.finish().slice();
}

function encodedHandle({ offset, size }: BlockHandle, bytes: number | undefined): Uint8Array {
  const handle = new Uint8Array(20);
  const end = writeHandle(handle, 0, offset, size);
  return handle.slice(0, bytes ?? end);
}
