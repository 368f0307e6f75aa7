// Where the parts of a table lie, as its footer and its metaindex tell (format.ts).

import { BlockReader } from './block-reader.js';
import { corrupt, SstError } from './errors.js';
import {
  BLOCK_TRAILER_BYTES,
  type BlockHandle,
  decodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
  readHandle,
  SEALED_KEY,
  SHARED_PART_KEY,
} from './format.js';
import type { BlockFile, StoredBlockReader } from './stored-block.js';
import { decodeSeal, type TableSeal } from './table-seal.js';
import { VarintReader } from './varint.js';

/** The parts of a table; each lies in the file, in front of what follows it. */
export interface TableLayout {
  readonly footer: Footer;
  readonly filterHandle: BlockHandle | undefined;
  /** Size of the table in front of a shared one, else 0. */
  readonly sharedBytes: number;
  /** Where the data blocks end at the latest. */
  readonly dataEnd: number;
  readonly seal: TableSeal | undefined;
  /** The metaindex names blocks of other kinds, such as a filter of another name. */
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
  const { filterHandle, sharedBytes, seal, hasForeignEntries } = readMetaindex(metaindex, {
    path,
    offset: footer.metaindex.offset,
  });
  let dataEnd = footer.metaindex.offset;
  if (filterHandle !== undefined) {
    // A virtual table uses that of the table in front.
    const isInFront = filterHandle.offset < sharedBytes;
    const filterEnd = isInFront ? sharedBytes - FOOTER_BYTES : dataEnd;
    checkInFile(filterHandle, 'filter', filterEnd, file);
    if (!isInFront) dataEnd = filterHandle.offset;
  }
  if (sharedBytes > dataEnd) {
    const problem = `the table in front, of ${sharedBytes} bytes, reaches behind byte ${dataEnd}`;
    throw corrupt(problem, { path, offset: footer.metaindex.offset });
  }
  return { footer, filterHandle, sharedBytes, dataEnd, seal, hasForeignEntries };
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
  readonly sharedBytes: number;
  readonly seal: TableSeal | undefined;
  readonly hasForeignEntries: boolean;
}

const OWN_KEYS: ReadonlySet<string> = new Set([FILTER_KEY, SHARED_PART_KEY, SEALED_KEY]);

function readMetaindex(metaindex: Uint8Array, at: { path: string; offset: number }): Metaindex {
  const reader = new BlockReader(0);
  reader.load(metaindex, at);
  let filterHandle: BlockHandle | undefined;
  let sharedBytes = 0;
  let seal: TableSeal | undefined;
  let hasForeignEntries = false;
  for (reader.seekToFirst(); reader.valid; reader.next()) {
    const name = Buffer.from(reader.keyBytes.subarray(0, reader.keyLength)).toString('latin1');
    const varints = new VarintReader();
    varints.position = reader.valueStart;
    if (name === FILTER_KEY && filterHandle === undefined) {
      filterHandle = readHandle(reader.data, varints, reader.valueEnd, at);
    } else if (name === SHARED_PART_KEY && sharedBytes === 0) {
      sharedBytes = varints.read64(reader.data, reader.valueEnd);
      if (sharedBytes < FOOTER_BYTES || sharedBytes > at.offset) {
        throw corrupt('the size of the table in front is out of range', at);
      }
    } else if (name === SEALED_KEY && seal === undefined && sharedBytes === 0) {
      seal = decodeSeal(reader.data, reader.valueStart, reader.valueEnd, at);
    } else if (OWN_KEYS.has(name)) {
      const problem = `the metaindex has the entry ${JSON.stringify(name)}: ${FILTER_KEY} and one of ${SHARED_PART_KEY} and ${SEALED_KEY} may be there, once`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    } else {
      hasForeignEntries = true;
    }
  }
  return { filterHandle, sharedBytes, seal, hasForeignEntries };
}
