// Opens a table: footer, index, metaindex and filter are read and checked; data blocks are read by
// positional reads when they are asked for, and checked then.
//
// Memory: the index, one block for `get`, and one block and one read window an iterator; the filter from the
// first `get` on.

import { BlockReader } from './block-reader.js';
import { bloomHash } from './bloom-filter.js';
import { compareByteRanges } from './compare-bytes.js';
import { corrupt, fileOperation, SstError } from './errors.js';
import type { FileSystem } from './file-system.js';
import type { FilterBlockReader } from './filter-block.js';
import {
  BLOCK_TRAILER_BYTES,
  type BlockHandle,
  decodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
  NARROWED_KEY,
  readHandle,
} from './format.js';
import {
  type EntryType,
  seekKeyOf,
  sequenceNumberOf,
  TRAILER_BYTES,
  typeCodeOf,
} from './internal-key.js';
import { type BlockFile, StoredBlockReader } from './stored-block.js';
import { TableFilter } from './table-filter.js';
import { TableIndex } from './table-index.js';
import { TableIterator } from './table-iterator.js';
import { VarintReader } from './varint.js';

/** How a table is opened. */
export interface TableReaderOptions {
  /**
   * Where the table ends, as recorded in a MANIFEST. The file may go on behind that (narrow-table.ts).
   *
   * @defaultValue the file's size
   */
  readonly sizeBytes?: number | undefined;
  /**
   * Check the CRC-32C of each block that is read.
   *
   * @defaultValue true
   */
  readonly verifyChecksums?: boolean | undefined;
  /**
   * Check the index and the filter as a whole. Without it their parts are looked at when they are used: for a table
   * that LevelDB reads already.
   *
   * @defaultValue true
   */
  readonly checkWhole?: boolean | undefined;
}

/** The newest version of a user key. */
export interface TableEntry {
  readonly type: EntryType;
  /** Empty for a deletion. */
  readonly value: Uint8Array;
  readonly sequence: number;
}

/** The parts of an open table that this package's other modules work on. */
export interface TableParts {
  readonly file: BlockFile;
  readonly footer: Footer;
  readonly index: TableIndex;
  readonly filter: TableFilter | undefined;
  /** Size of the table in front of a narrowed one, else 0. */
  readonly narrowedBytes: number;
}

/** An open table. Not shared between threads: open one in each. */
export class TableReader {
  readonly parts: TableParts;
  readonly #blocks: StoredBlockReader;
  readonly #lookup = new BlockReader(TRAILER_BYTES);
  #lookupBlock = -1;
  #smallest: Uint8Array | undefined;
  #largest: Uint8Array | undefined;
  #closed = false;

  private constructor(parts: TableParts) {
    this.parts = parts;
    this.#blocks = new StoredBlockReader(parts.file);
  }

  /**
   * Opens a table.
   *
   * @throws SstError `SSTITCH_TABLE_IO` (its cause has Node's code, such as ENOENT),
   * `SSTITCH_TABLE_CORRUPT`, `SSTITCH_TABLE_UNSUPPORTED`
   */
  static open(fileSystem: FileSystem, path: string, options: TableReaderOptions = {}): TableReader {
    const handle = fileOperation('open a table', { path }, () => fileSystem.open(path, 'read'));
    try {
      const fileBytes = fileOperation('read the size of a table', { path }, () =>
        handle.sizeBytes(),
      );
      const { sizeBytes = fileBytes, verifyChecksums = true, checkWhole = true } = options;
      if (fileBytes < sizeBytes) {
        throw corrupt(`the file has ${fileBytes} bytes, not ${sizeBytes}`, { path });
      }
      const file = { handle, path, sizeBytes, verifyChecksums };
      return new TableReader(readParts(file, checkWhole));
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  get path(): string {
    return this.parts.file.path;
  }

  get sizeBytes(): number {
    return this.parts.file.sizeBytes;
  }

  /** The table's filter, if it has one. It is read again when it is asked for first. */
  get filter(): FilterBlockReader | undefined {
    return this.parts.filter?.contents;
  }

  /** Where the data blocks lie, in order. */
  blockHandles(): BlockHandle[] {
    const { index } = this.parts;
    return Array.from({ length: index.blockCount }, (_, block) => index.handleOf(block));
  }

  /** An iterator over the whole table, not yet at an entry. */
  iterator(): TableIterator {
    return new TableIterator(this.parts);
  }

  /** The newest version of a user key in this table, through the filter as LevelDB does it. */
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

  /** The first internal key, read from the first block. */
  smallest(): Uint8Array {
    if (this.#smallest === undefined) {
      const first = this.iterator();
      first.seekToFirst();
      if (!first.valid) throw corrupt('the table has no entry', { path: this.path });
      this.#smallest = first.key;
    }
    return this.#smallest;
  }

  /** The last internal key, read from the last block. */
  largest(): Uint8Array {
    if (this.#largest === undefined) {
      const last = this.iterator();
      last.seekToLast();
      if (!last.valid) throw corrupt('the table has no entry', { path: this.path });
      this.#largest = last.key;
    }
    return this.#largest;
  }

  /** Closes the file; iterators of this table fail from then on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lookup.unload();
    fileOperation('close a table', { path: this.path }, () => this.parts.file.handle.close());
  }
}

function readParts(file: BlockFile, checkWhole: boolean): TableParts {
  const { path, sizeBytes } = file;
  const footerOffset = sizeBytes - FOOTER_BYTES;
  if (footerOffset < 0) {
    throw corrupt(`a file of ${sizeBytes} bytes is too short for a table`, { path });
  }
  // All that is kept of what is read here is copied.
  const blocks = StoredBlockReader.withSpareWindow(file);
  try {
    return readPartsWith(blocks, file, footerOffset, checkWhole);
  } finally {
    blocks.giveWindowBack();
  }
}

function readPartsWith(
  blocks: StoredBlockReader,
  file: BlockFile,
  footerOffset: number,
  checkWhole: boolean,
): TableParts {
  const { path } = file;
  const footer = decodeFooter(blocks.readBytes(footerOffset, FOOTER_BYTES), {
    path,
    offset: footerOffset,
  });
  checkInFile(footer.metaindex, 'metaindex', footer.index.offset, file);
  checkInFile(footer.index, 'index', footerOffset, file);

  const metaindex = blocks.read(footer.metaindex.offset, footer.metaindex.size);
  const { filterHandle, narrowedBytes } = readMetaindex(metaindex, {
    path,
    offset: footer.metaindex.offset,
  });
  let dataEnd = footer.metaindex.offset;
  if (filterHandle !== undefined) {
    // A narrowed table uses that of the table in front.
    const isInFront = filterHandle.offset < narrowedBytes;
    const filterEnd = isInFront ? narrowedBytes - FOOTER_BYTES : dataEnd;
    checkInFile(filterHandle, 'filter', filterEnd, file);
    if (!isInFront) dataEnd = filterHandle.offset;
  }
  if (narrowedBytes > dataEnd) {
    const problem = `the table in front, of ${narrowedBytes} bytes, reaches behind byte ${dataEnd}`;
    throw corrupt(problem, { path, offset: footer.metaindex.offset });
  }
  const indexBlock = blocks.read(footer.index.offset, footer.index.size);
  const index = new TableIndex(indexBlock, path, footer.index.offset, narrowedBytes);
  const filter = filterHandle === undefined ? undefined : new TableFilter(file, filterHandle);
  if (checkWhole) {
    const offsets = index.check(dataEnd);
    filter?.check(blocks, offsets, index.blockCount, narrowedBytes);
  }
  return { file, footer, index, filter, narrowedBytes };
}

function checkInFile(handle: BlockHandle, name: string, end: number, file: BlockFile): void {
  if (handle.offset + handle.size + BLOCK_TRAILER_BYTES > end) {
    throw corrupt(
      `the ${name} block (offset ${handle.offset}, size ${handle.size}) does not lie in front of ` +
        `byte ${end}`,
      { path: file.path, offset: handle.offset },
    );
  }
}

/** What a metaindex tells. */
interface Metaindex {
  readonly filterHandle: BlockHandle | undefined;
  readonly narrowedBytes: number;
}

function readMetaindex(metaindex: Uint8Array, at: { path: string; offset: number }): Metaindex {
  const reader = new BlockReader(1);
  reader.load(metaindex, at);
  let filterHandle: BlockHandle | undefined;
  let narrowedBytes = 0;
  for (reader.seekToFirst(); reader.valid; reader.next()) {
    const name = Buffer.from(reader.keyBytes.subarray(0, reader.keyLength)).toString('latin1');
    const varints = new VarintReader();
    varints.position = reader.valueStart;
    if (name === FILTER_KEY && filterHandle === undefined) {
      filterHandle = readHandle(reader.data, varints, reader.valueEnd, at);
    } else if (name === NARROWED_KEY && narrowedBytes === 0) {
      narrowedBytes = varints.read64(reader.data, reader.valueEnd);
      if (narrowedBytes < FOOTER_BYTES || narrowedBytes > at.offset) {
        throw corrupt('the size of the table in front is out of range', at);
      }
    } else {
      const problem = `the metaindex has the entry ${JSON.stringify(name)}: only ${FILTER_KEY} and ${NARROWED_KEY} are read, once`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    }
  }
  return { filterHandle, narrowedBytes };
}
