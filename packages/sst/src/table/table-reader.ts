// Reads a table. Opening it reads and checks footer, metaindex, index and filter. Data blocks are read and checked when
// they are needed.
//
// Memory: the index (from its first use, if the seal is trusted); the filter, from the first `get`; one block for `get`;
// one block and one read window for each iterator.

import { BlockReader } from '../block/block-reader.js';
import { type BlockFile, StoredBlockReader } from '../block/stored-block.js';
import { compareByteRanges } from '../compare-bytes.js';
import {
  type EntryType,
  seekKeyOf,
  sequenceNumberOf,
  TRAILER_BYTES,
  typeCodeOf,
} from '../encoding/internal-key.js';
import type { BlockHandle, Footer } from '../encoding/table-format.js';
import { corrupt, fileOperation } from '../errors.js';
import type { FileSystem } from '../files/file-system.js';
import { bloomHash } from '../filter/bloom-filter.js';
import type { FilterBlockReader } from '../filter/filter-block.js';
import { TableFilter } from '../filter/table-filter.js';
import { withEachEntryRestarted } from './index-contents.js';
import { TableIndex } from './table-index.js';
import { TableIterator } from './table-iterator.js';
import { readLayout } from './table-layout.js';
import type { TableParts } from './table-parts.js';
import { checkSeal, type TableSeal } from './table-seal.js';

/** How to open a table. */
export interface TableReaderOptions {
  /**
   * The size of the table, as recorded in a MANIFEST. The file may be longer (share-part.ts).
   *
   * @defaultValue the file's size
   */
  readonly sizeBytes?: number | undefined;
  /**
   * Whether to check the CRC-32C of each block that is read.
   *
   * @defaultValue true
   */
  readonly verifyChecksums?: boolean | undefined;
  /**
   * How to check index and filter.
   *
   * @defaultValue 'full'
   */
  readonly validate?: TableValidation | undefined;
}

/**
 * How index and filter are checked.
 * - `full`: all entries, when the table is opened.
 * - `checksum`: for a sealed table (table-seal.ts), only that their checksums match the seal. For other tables, or
 *   without `verifyChecksums`, as `full`.
 * - `lazy`: each entry when it is used. For a table that LevelDB reads already.
 */
export type TableValidation = 'full' | 'checksum' | 'lazy';

/** The newest version of a user key. */
export interface TableEntry {
  /** Whether the version is a value or a deletion. */
  readonly type: EntryType;
  /** The value; empty for a tombstone. */
  readonly value: Uint8Array;
  /** The sequence number of the version. */
  readonly sequence: number;
}

/** An open table. It cannot be shared between threads. */
export class TableReader {
  /** @internal */
  readonly parts: TableParts;
  readonly #blocks: StoredBlockReader;
  readonly #lookup = new BlockReader(TRAILER_BYTES);
  #lookupBlock = -1;
  #smallest: Uint8Array | undefined;
  #largest: Uint8Array | undefined;
  #closed = false;

  private constructor(parts: OpenParts) {
    this.parts = parts;
    this.#blocks = new StoredBlockReader(parts.file);
    if (parts.isSealTrusted) {
      this.#smallest = parts.seal?.smallest;
      this.#largest = parts.seal?.largest;
    }
  }

  /**
   * Opens a table.
   *
   * @throws SstError `SSTITCH_TABLE_IO`, whose cause has Node's code, such as ENOENT; `SSTITCH_TABLE_CORRUPT`,
   * `SSTITCH_TABLE_UNSUPPORTED`
   */
  static open(fileSystem: FileSystem, path: string, options: TableReaderOptions = {}): TableReader {
    const handle = fileOperation('open a table', { path }, () => fileSystem.open(path, 'read'));
    try {
      const fileBytes = fileOperation('read the size of a table', { path }, () =>
        handle.sizeBytes(),
      );
      const { sizeBytes = fileBytes, verifyChecksums = true, validate = 'full' } = options;
      if (fileBytes < sizeBytes) {
        throw corrupt(`the file has ${fileBytes} bytes, not ${sizeBytes}`, { path });
      }
      const file = { handle, path, sizeBytes, verifyChecksums };
      return new TableReader(readParts(file, validate));
    } catch (error) {
      try {
        handle.close();
      } catch {
        // Throw the first error, which says more than this one.
      }
      throw error;
    }
  }

  /** The path of the file. */
  get path(): string {
    return this.parts.file.path;
  }

  /** The size of the table, which is less than the file's if the file holds later tables, too. */
  get sizeBytes(): number {
    return this.parts.file.sizeBytes;
  }

  /** Whether the table is virtual, that is, its file begins with the contents of another table. */
  get isVirtual(): boolean {
    return this.parts.sharedBytes > 0;
  }

  /** Whether the table has a seal, by which SSTitch checks a table that it built. */
  get isSealed(): boolean {
    return this.parts.seal !== undefined;
  }

  /** The table's filter, if it has one. It is read on first use. */
  get filter(): FilterBlockReader | undefined {
    return this.parts.filter?.contents;
  }

  /** The handle of the filter block, if the table has one. */
  get filterHandle(): BlockHandle | undefined {
    return this.parts.filter?.handle;
  }

  /** Returns the handles of the data blocks, in order. */
  blockHandles(): BlockHandle[] {
    const { index } = this.parts;
    return Array.from({ length: index.blockCount }, (_, block) => index.handleOf(block));
  }

  /** Returns an iterator over the table, which is not at an entry yet. */
  iterator(): TableIterator {
    return new TableIterator(this.parts);
  }

  /**
   * Returns the newest version of a user key in this table. As in LevelDB, it checks the filter first.
   *
   * @throws SstError `SSTITCH_TABLE_OPTIONS` if the key is not bytes; `SSTITCH_TABLE_CORRUPT`,
   * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`
   */
  get(userKey: Uint8Array): TableEntry | undefined {
    const { index, file } = this.parts;
    const { filter } = this;
    const target = seekKeyOf(userKey);
    const block = index.find(target, target.length);
    if (block === index.blockCount) return undefined;
    const offset = index.offsetOf(block);
    if (filter !== undefined && !filter.mayMatch(offset, bloomHash(userKey, 0, userKey.length))) {
      return undefined;
    }
    const lookup = this.#lookup;
    if (this.#lookupBlock !== block) {
      this.#lookupBlock = -1;
      lookup.load(this.#blocks.read(offset, index.sizeOf(block)), { path: file.path, offset });
      this.#lookupBlock = block;
    }
    lookup.seek(target, target.length);
    if (!lookup.valid) return undefined;
    const { keyBytes, keyLength, data, valueStart, valueEnd } = lookup;
    const userLength = keyLength - TRAILER_BYTES;
    if (compareByteRanges(keyBytes, 0, userLength, userKey, 0, userKey.length) !== 0) {
      return undefined;
    }
    const type = typeCodeOf(keyBytes, keyLength);
    if (type !== 0 && type !== 1) {
      throw corrupt(`an internal key has the unknown type ${type}`, { path: file.path, offset });
    }
    return {
      type: type === 1 ? 'value' : 'deletion',
      value: data.subarray(valueStart, valueEnd),
      sequence: sequenceNumberOf(keyBytes, keyLength),
    };
  }

  /** Returns the first internal key, from the first block or the seal. */
  smallest(): Uint8Array {
    if (this.#smallest === undefined) {
      const first = this.iterator();
      first.seekToFirst();
      if (!first.valid) throw corrupt('the table has no entries', { path: this.path });
      this.#smallest = first.key;
    }
    return this.#smallest;
  }

  /** Returns the last internal key, from the last block or the seal. */
  largest(): Uint8Array {
    if (this.#largest === undefined) {
      const last = this.iterator();
      last.seekToLast();
      if (!last.valid) throw corrupt('the table has no entries', { path: this.path });
      this.#largest = last.key;
    }
    return this.#largest;
  }

  /** Closes the file. The reader and its iterators fail when they next read it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lookup.unload();
    this.#lookupBlock = -1;
    fileOperation('close a table', { path: this.path }, () => this.parts.file.handle.close());
  }
}

class OpenParts implements TableParts {
  readonly file: BlockFile;
  readonly footer: Footer;
  readonly filter: TableFilter | undefined;
  readonly properties: BlockHandle | undefined;
  readonly sharedBytes: number;
  readonly seal: TableSeal | undefined;
  readonly hasForeignEntries: boolean;
  /** Whether the seal was checked instead of index and filter. */
  readonly isSealTrusted: boolean;
  #index: TableIndex | undefined;

  /** @param blocks a reader of the file, which is used during the call only */
  constructor(file: BlockFile, blocks: StoredBlockReader, validate: TableValidation) {
    const layout = readLayout(blocks, file);
    const { footer, filterHandle, sharedBytes, dataEnd, seal } = layout;
    this.file = file;
    this.footer = footer;
    this.filter = filterHandle && new TableFilter(file, filterHandle);
    this.properties = layout.propertiesHandle;
    this.sharedBytes = sharedBytes;
    this.seal = seal;
    this.hasForeignEntries = layout.hasForeignEntries;
    const trusted = validate === 'checksum' && file.verifyChecksums ? seal : undefined;
    this.isSealTrusted = trusted !== undefined;
    if (trusted !== undefined) {
      // The index is decoded on first use: most tables of a commit are only linked.
      checkSeal(blocks, trusted, footer.index, filterHandle, file.path);
      return;
    }
    const index = this.#readIndex(blocks);
    if (validate === 'lazy') return;
    const offsets = index.check(dataEnd);
    this.filter?.check(blocks, offsets, index.blockCount, sharedBytes);
  }

  get index(): TableIndex {
    return this.#index ?? this.#readIndex(new StoredBlockReader(this.file));
  }

  #readIndex(blocks: StoredBlockReader): TableIndex {
    const { offset, size } = this.footer.index;
    const at = { path: this.file.path, offset };
    const contents = withEachEntryRestarted(blocks.read(offset, size), at);
    this.#index = new TableIndex(contents, this.file.path, offset, this.sharedBytes);
    return this.#index;
  }
}

function readParts(file: BlockFile, validate: TableValidation): OpenParts {
  // The reader can be released at the end, since OpenParts copies what it keeps.
  const blocks = StoredBlockReader.withSpareWindow(file);
  try {
    return new OpenParts(file, blocks, validate);
  } finally {
    blocks.releaseWindow();
  }
}
