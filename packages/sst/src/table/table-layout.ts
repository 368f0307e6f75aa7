// Reads the positions of a table's parts from its footer and metaindex (table-format.ts).

import { BlockReader } from '../block/block-reader.js';
import { RestartCheck } from '../block/restart-check.js';
import type { BlockFile, StoredBlockReader } from '../block/stored-block.js';
import {
  BLOCK_TRAILER_BYTES,
  type BlockHandle,
  decodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
  PROPERTIES_KEY,
  readHandle,
  SEALED_KEY,
  SHARED_PART_KEY,
} from '../encoding/table-format.js';
import { VarintReader } from '../encoding/varint.js';
import { corrupt, SstError } from '../errors.js';
import { decodeSeal, type TableSeal } from './table-seal.js';

/** The layout of a table. Each part lies inside the file and before the part that follows it. */
export interface TableLayout {
  readonly footer: Footer;
  readonly filterHandle: BlockHandle | undefined;
  readonly propertiesHandle: BlockHandle | undefined;
  /** For a virtual table, the size of the file's earlier contents; 0 for others. */
  readonly sharedBytes: number;
  /** The offset before which all data blocks must end. */
  readonly dataEnd: number;
  readonly seal: TableSeal | undefined;
  /** Whether the metaindex names other blocks, such as a filter under another name. */
  readonly hasForeignEntries: boolean;
}

/** Reads footer and metaindex. */
export function readLayout(blocks: StoredBlockReader, file: BlockFile): TableLayout {
  const { path, sizeBytes } = file;
  const footerOffset = sizeBytes - FOOTER_BYTES;
  if (footerOffset < 0) {
    throw corrupt(`a file of ${sizeBytes} bytes is too short for a table`, { path });
  }
  const footer = decodeFooter(blocks.readBytes(footerOffset, FOOTER_BYTES), {
    path,
    offset: footerOffset,
  });
  checkInFile(footer.metaindex, 'metaindex', footer.index.offset, file);
  checkInFile(footer.index, 'index', footerOffset, file);

  const metaindex = blocks.read(footer.metaindex.offset, footer.metaindex.size);
  const { filterHandle, propertiesHandle, sharedBytes, ...others } = readMetaindex(metaindex, {
    path,
    offset: footer.metaindex.offset,
  });
  let dataEnd = footer.metaindex.offset;
  if (propertiesHandle !== undefined) checkInFile(propertiesHandle, 'properties', dataEnd, file);
  if (filterHandle !== undefined) {
    // A virtual table uses the filter of the earlier contents.
    const isShared = filterHandle.offset < sharedBytes;
    const filterEnd = isShared ? sharedBytes - FOOTER_BYTES : dataEnd;
    checkInFile(filterHandle, 'filter', filterEnd, file);
    if (!isShared) dataEnd = filterHandle.offset;
  }
  if (sharedBytes > dataEnd) {
    const problem = `the shared contents of ${sharedBytes} bytes reach beyond byte ${dataEnd}`;
    throw corrupt(problem, { path, offset: footer.metaindex.offset });
  }
  return { footer, filterHandle, propertiesHandle, sharedBytes, dataEnd, ...others };
}

function checkInFile(handle: BlockHandle, name: string, end: number, file: BlockFile): void {
  if (handle.offset + handle.size + BLOCK_TRAILER_BYTES > end) {
    throw corrupt(
      `the ${name} block (offset ${handle.offset}, size ${handle.size}) does not end before byte ${end}`,
      { path: file.path, offset: handle.offset },
    );
  }
}

/** The contents of a metaindex. */
interface Metaindex {
  readonly filterHandle: BlockHandle | undefined;
  readonly propertiesHandle: BlockHandle | undefined;
  readonly sharedBytes: number;
  readonly seal: TableSeal | undefined;
  readonly hasForeignEntries: boolean;
}

const OWN_KEYS: ReadonlySet<string> = new Set([
  FILTER_KEY,
  PROPERTIES_KEY,
  SHARED_PART_KEY,
  SEALED_KEY,
]);

function readMetaindex(metaindex: Uint8Array, at: { path: string; offset: number }): Metaindex {
  const reader = new BlockReader(0);
  reader.load(metaindex, at);
  let filterHandle: BlockHandle | undefined;
  let propertiesHandle: BlockHandle | undefined;
  let sharedBytes = 0;
  let seal: TableSeal | undefined;
  let hasForeignEntries = false;
  const restarts = new RestartCheck(reader, at);
  for (reader.seekToFirst(); reader.valid; reader.next()) {
    restarts.visit();
    const name = Buffer.from(reader.keyBytes.subarray(0, reader.keyLength)).toString('latin1');
    const varints = new VarintReader();
    varints.position = reader.valueStart;
    if (name === FILTER_KEY && filterHandle === undefined) {
      filterHandle = readHandle(reader.data, varints, reader.valueEnd, at);
    } else if (name === PROPERTIES_KEY && propertiesHandle === undefined) {
      propertiesHandle = readHandle(reader.data, varints, reader.valueEnd, at);
    } else if (name === SHARED_PART_KEY && sharedBytes === 0 && seal === undefined) {
      sharedBytes = varints.read64(reader.data, reader.valueEnd);
      if (sharedBytes < FOOTER_BYTES || sharedBytes > at.offset) {
        throw corrupt('the size of the shared contents is out of range', at);
      }
    } else if (name === SEALED_KEY && seal === undefined && sharedBytes === 0) {
      seal = decodeSeal(reader.data, reader.valueStart, reader.valueEnd, at);
    } else if (OWN_KEYS.has(name)) {
      const problem = `the metaindex repeats the entry ${JSON.stringify(name)}, or has both ${SHARED_PART_KEY} and ${SEALED_KEY}`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    } else {
      hasForeignEntries = true;
    }
  }
  restarts.finish();
  return { filterHandle, propertiesHandle, sharedBytes, seal, hasForeignEntries };
}
