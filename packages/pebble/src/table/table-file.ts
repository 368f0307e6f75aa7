// A table file. Its footer, metaindex, properties, index and range deletions are read when it is opened, its
// data blocks when a cursor needs them. Several virtual tables may lie in one file.
//
//   metaindex: name -> handle
//     rocksdb.properties    properties
//     rocksdb.range_del2    range deletions; rocksdb.range_del in old tables
//     pebble.range_key, pebble.blob_ref_index: refused
//
//   part                               version 0 to 4  5         6         7
//   data, index, range deletions       row             columnar  columnar  columnar
//   metaindex                          row             row       columnar  columnar
//   properties                         row             row       row       columnar

import { ByteCursor } from '../encoding/byte-cursor.js';
import { readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, incomplete, quoted, unsupported } from '../errors.js';
import { InputFile } from '../input-file.js';
import { COMPARER } from '../manifest/read-manifest.js';
import type { CheckedOptions, ReadableFileSystem } from '../options.js';
import { ColumnarDataCursor } from './columnar-data-block.js';
import type { BlockCursor } from './entry-cursor.js';
import {
  ATTRIBUTE_BLOB_VALUES,
  ATTRIBUTE_RANGE_KEYS,
  ATTRIBUTE_TWO_LEVEL_INDEX,
  type Footer,
  readFooter,
} from './footer.js';
import { readKeyValues } from './key-values.js';
import { deletionBytes, type RangeDeletion, readRangeDeletions } from './range-deletions.js';
import { RowDataCursor } from './row-block.js';
import { type Block, BlockFile, type BlockHandle } from './stored-block.js';
import { readTableIndex, type TableIndex } from './table-index.js';

const PROPERTIES = 'rocksdb.properties';
const RANGE_DELETIONS = 'rocksdb.range_del2';
const OLD_RANGE_DELETIONS = 'rocksdb.range_del';
const RANGE_KEYS = 'pebble.range_key';
const BLOB_REFERENCES = 'pebble.blob_ref_index';
const META_NAMES = [
  PROPERTIES,
  RANGE_DELETIONS,
  OLD_RANGE_DELETIONS,
  RANGE_KEYS,
  BLOB_REFERENCES,
] as const;

const COMPARER_PROPERTY = 'rocksdb.comparator';
const KEY_SCHEMA_PROPERTY = 'pebble.colblk.schema';
const INDEX_TYPE_PROPERTY = 'rocksdb.block.based.table.index.type';
const PROPERTY_NAMES = [COMPARER_PROPERTY, KEY_SCHEMA_PROPERTY, INDEX_TYPE_PROPERTY] as const;
const KEY_SCHEMA = /^DefaultKeySchema\(leveldb\.BytewiseComparator,\d+\)$/;
const TWO_LEVEL_INDEX_TYPE = 2;

type MetaHandles = ReadonlyMap<(typeof META_NAMES)[number], BlockHandle>;

export class TableFile {
  readonly path: string;
  readonly index: TableIndex;
  readonly hasTwoLevelIndex: boolean;
  readonly rangeDeletions: readonly RangeDeletion[];
  /** The memory of the open file in bytes, without its blocks. */
  readonly heldBytes: number;
  readonly #blocks: BlockFile;
  readonly #version: number;

  private constructor(blocks: BlockFile, options: CheckedOptions) {
    this.#blocks = blocks;
    this.path = blocks.file.path;
    const footer = readFooter(blocks);
    blocks.checksumType = footer.checksumType;
    this.#version = footer.version;
    const meta = readMetaindex(blocks, footer);
    refuseParts(this.path, footer, meta);
    this.hasTwoLevelIndex = readProperties(blocks, footer, meta.get(PROPERTIES));
    this.index = readTableIndex(blocks, footer.index, this.#layout);
    const deletions = meta.get(RANGE_DELETIONS) ?? meta.get(OLD_RANGE_DELETIONS);
    this.rangeDeletions =
      deletions === undefined
        ? []
        : readRangeDeletions(blocks.read(deletions), this.#layout, options);
    this.heldBytes = this.rangeDeletions.reduce(
      (sum, { start, end }) => sum + deletionBytes(start, end),
      this.index.heldBytes,
    );
  }

  /** Opens a table file. @param sizeBytes the size of the file according to the MANIFEST, if that states it */
  static open(
    fileSystem: ReadableFileSystem,
    path: string,
    sizeBytes: number | undefined,
    options: CheckedOptions,
  ): TableFile {
    const file = InputFile.open(fileSystem, path, 'the MANIFEST or a WAL names this table');
    try {
      if (sizeBytes !== undefined && file.sizeBytes !== sizeBytes) {
        throw incomplete(
          'SSTITCH_PEBBLE_CORRUPT',
          `the file has ${file.sizeBytes} bytes, but the MANIFEST states ${sizeBytes}`,
          { path },
        );
      }
      return new TableFile(new BlockFile(file, options.maxBlockBytes), options);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get #layout(): 'row' | 'columnar' {
    return this.#version >= 5 ? 'columnar' : 'row';
  }

  /** Reads a partition of a two-level index. */
  readIndexPartition(handle: BlockHandle): TableIndex {
    return readTableIndex(this.#blocks, handle, this.#layout);
  }

  readBlock(handle: BlockHandle): Block {
    return this.#blocks.read(handle);
  }

  makeBlockCursor(): BlockCursor {
    return this.#layout === 'row' ? new RowDataCursor(this.#version) : new ColumnarDataCursor();
  }

  close(): void {
    this.#blocks.file.close();
  }
}

function readMetaindex(blocks: BlockFile, footer: Footer): MetaHandles {
  const block = blocks.read(footer.metaindex);
  const layout = footer.version >= 6 ? 'columnar' : 'row';
  const handles = new Map<(typeof META_NAMES)[number], BlockHandle>();
  for (const [name, value] of readKeyValues(block, layout, META_NAMES)) {
    const cursor = new ByteCursor(value, `the handle of ${name}`, block.at);
    handles.set(name, blocks.readHandle(cursor));
  }
  return handles;
}

function refuseParts(path: string, footer: Footer, meta: MetaHandles): void {
  const has = (name: (typeof META_NAMES)[number], attribute: number) =>
    meta.has(name) || (footer.attributes & attribute) !== 0;
  if (has(RANGE_KEYS, ATTRIBUTE_RANGE_KEYS)) {
    throw unsupported('the table has range keys, which this package does not read', { path });
  }
  if (has(BLOB_REFERENCES, ATTRIBUTE_BLOB_VALUES)) {
    const problem = 'the table has values in blob files, which this package does not read';
    throw unsupported(`${problem}: copy the database with value separation disabled`, { path });
  }
}

/** Checks the properties; returns whether the table has a two-level index. */
function readProperties(
  blocks: BlockFile,
  footer: Footer,
  handle: BlockHandle | undefined,
): boolean {
  const isTwoLevel = (footer.attributes & ATTRIBUTE_TWO_LEVEL_INDEX) !== 0;
  // LevelDB's tables have none.
  if (handle === undefined) return isTwoLevel;
  const block = blocks.read(handle);
  const layout = footer.version >= 7 ? 'columnar' : 'row';
  const properties = readKeyValues(block, layout, PROPERTY_NAMES);
  const textOf = (name: (typeof PROPERTY_NAMES)[number]) => {
    const value = properties.get(name);
    return value === undefined ? undefined : Buffer.from(value).toString('latin1');
  };
  const comparer = textOf(COMPARER_PROPERTY);
  if (comparer !== undefined && comparer !== COMPARER) {
    throw unsupported(
      `the table is in the order of the comparer ${quoted(comparer)}; this package supports only ${COMPARER}`,
      block.at,
    );
  }
  const schema = textOf(KEY_SCHEMA_PROPERTY);
  if (schema !== undefined && !KEY_SCHEMA.test(schema)) {
    throw unsupported(`the table has the key schema ${quoted(schema)}`, block.at);
  }
  const indexType = properties.get(INDEX_TYPE_PROPERTY);
  if (footer.version >= 7 || indexType === undefined) return isTwoLevel;
  if (indexType.length !== 4) throw corrupt('the property of the index type is damaged', block.at);
  return readUint32(indexType, 0) === TWO_LEVEL_INDEX_TYPE;
}
