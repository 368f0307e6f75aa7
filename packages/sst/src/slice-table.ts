// Cuts a table to spans of user keys, without decoding what need not be decoded.
//
// Data block i holds keys behind the index key of block i-1 and up to its own index key. From these two
// bounds, each block is
//   - dropped, if no span reaches into them;
//   - copied as it is stored, if one span holds both;
//   - decoded otherwise, and written anew with the entries inside the spans (or copied, if all are).
// As spans are made of user keys, all versions of a user key stay together.
//
// Filters are carried over without hashing a key. A filter belongs to a window of 2 KiB of the file, so
// that a block may move by whole windows only: each run of kept blocks keeps its distances, moved by one
// multiple of 2 KiB, and zeros fill the gap in front of it (under 4 KiB a run). The windows of a run then
// map one to one to windows of the source. A carried filter holds keys that were cut away as well: it
// says "maybe" too often for those, and never "no" to a key that is there.
//
// The index key of a block that was copied undecoded lies inside the span; that of a decoded block is the
// last key kept. So no entry outside of the spans leaves a byte in the new file.

import { BlockBuilder } from './block-builder.js';
import { BlockReader } from './block-reader.js';
import { compareByteRanges, compareBytes } from './compare-bytes.js';
import { corrupt, SstError } from './errors.js';
import type { FileHandle } from './file-system.js';
import {
  FILTER_WINDOW_BYTES,
  type FilterBlockReader,
  FilterBlockWriter,
  filterWindowOf,
} from './filter-block.js';
import { sequenceNumberOf, TRAILER_BYTES, userKeyOf } from './internal-key.js';
import { checkSpans, joinTouchingSpans, type Span } from './span.js';
import { StoredBlockReader } from './stored-block.js';
import { checkTableOptions, type TableOptions } from './table-options.js';
import type { SliceProperties } from './table-properties.js';
import type { TableParts, TableReader } from './table-reader.js';
import { TableWriter } from './table-writer.js';

/** How rebuilt blocks are written. The filter is the source's own. */
export type SliceOptions = Pick<TableOptions, 'restartInterval' | 'compression' | 'path'>;

/**
 * Writes one table that holds exactly the entries of `reader`'s table whose user key lies in one of the
 * spans. The source is taken to be sound (`verifyTable`), apart from checksums, which are checked for
 * each block that is kept or decoded unless the reader was told not to.
 *
 * @param keep sorted and disjoint; they may touch
 * @param createFile called once, when the first entry to keep is found
 * @returns undefined if the table has no entry in the spans; `createFile` was not called then. The file
 * is neither synced nor closed
 * @throws SstError `SSTITCH_TABLE_OPTIONS` for wrong spans or options, `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`; a file that was made is left to its caller to remove
 */
export function sliceTable(
  reader: TableReader,
  keep: readonly Span[],
  createFile: () => FileHandle,
  options: SliceOptions = {},
): SliceProperties | undefined {
  checkSpans(keep);
  if (keep.length === 0) return undefined;
  try {
    return new Slicer(reader, joinTouchingSpans(keep), createFile, options).run();
  } catch (error) {
    if (!(error instanceof SstError) || error.code !== 'SSTITCH_TABLE_ORDER') throw error;
    // The entries came from the source: it is the table that is out of order, not the caller.
    const at = { path: reader.path };
    throw new SstError('SSTITCH_TABLE_CORRUPT', `out of order: ${error.message}`, at, error);
  }
}

class Slicer {
  readonly #parts: TableParts;
  readonly #spans: readonly Span[];
  readonly #createFile: () => FileHandle;
  readonly #compression: 'snappy' | 'none';
  readonly #path: string | undefined;
  readonly #smallestUserKey: Uint8Array;
  readonly #largestUserKey: Uint8Array;
  readonly #blocks: StoredBlockReader;
  readonly #entries = new BlockReader(TRAILER_BYTES);
  readonly #builder: BlockBuilder;
  #output: SliceOutput | undefined;
  /** The first span that may hold keys of the current block. */
  #span = 0;
  #smallest: Uint8Array | undefined;
  /** The last key kept, if the block it is from was decoded. */
  #largest: Uint8Array | undefined;
  #lastKeptBlock = -1;
  #copiedBlocks = 0;
  #copiedBytes = 0;
  #rebuiltBlocks = 0;
  #rebuiltEntries = 0;
  #decodedEntries = 0;
  #largestSequence = 0;
  #allDecoded = true;

  constructor(
    reader: TableReader,
    spans: readonly Span[],
    createFile: () => FileHandle,
    options: SliceOptions,
  ) {
    const checked = checkTableOptions(options);
    this.#parts = reader.parts;
    this.#spans = spans;
    this.#createFile = createFile;
    this.#compression = checked.compression;
    this.#path = checked.path;
    this.#smallestUserKey = userKeyOf(reader.smallest());
    this.#largestUserKey = userKeyOf(reader.largest());
    this.#blocks = new StoredBlockReader(reader.parts.file);
    this.#builder = new BlockBuilder(checked.restartInterval);
  }

  run(): SliceProperties | undefined {
    const { index } = this.#parts;
    let lower = this.#smallestUserKey;
    for (let block = 0; block < index.blockCount; block += 1) {
      const isLast = block === index.blockCount - 1;
      const upper = isLast ? this.#largestUserKey : userKeyOf(index.keyOf(block));
      this.#skipSpansBefore(lower);
      const span = this.#spans[this.#span];
      if (span === undefined) break;
      if (compareBytes(span.start, upper) <= 0) {
        const holdsAll =
          compareBytes(span.start, lower) <= 0 &&
          (span.end === undefined || compareBytes(upper, span.end) < 0);
        if (holdsAll) this.#copyBlock(block);
        else this.#cutBlock(block);
      }
      lower = upper;
    }
    return this.#finish();
  }

  /** Keys come in order: a span that ends at or before `userKey` is of no more use. */
  #skipSpansBefore(userKey: Uint8Array): void {
    for (;;) {
      const end = this.#spans[this.#span]?.end;
      if (end === undefined || compareBytes(end, userKey) > 0) return;
      this.#span += 1;
    }
  }

  #copyBlock(block: number): void {
    const { index } = this.#parts;
    const stored = this.#blocks.readStored(index.offsetOf(block), index.sizeOf(block));
    if (this.#smallest === undefined) {
      this.#load(block, stored);
      this.#entries.seekToFirst();
      this.#smallest = this.#currentKey(block);
    }
    const key = index.keyOf(block);
    this.#copyStored(block, stored, key, key.length);
    this.#largest = undefined;
    this.#allDecoded = false;
  }

  #copyStored(block: number, stored: Uint8Array, key: Uint8Array, keyLength: number): void {
    this.#openOutput().copyBlock(this.#parts.index.offsetOf(block), stored, key, keyLength);
    this.#lastKeptBlock = block;
    this.#copiedBlocks += 1;
    this.#copiedBytes += stored.length;
  }

  /** Keeps those entries of a block that lie in a span. */
  #cutBlock(block: number): void {
    const { index } = this.#parts;
    const entries = this.#entries;
    const builder = this.#builder;
    const stored = this.#blocks.readStored(index.offsetOf(block), index.sizeOf(block));
    this.#load(block, stored);
    builder.reset();
    let span = this.#span;
    let kept = 0;
    let dropped = 0;
    for (entries.seekToFirst(); entries.valid; entries.next()) {
      const userLength = entries.keyLength - TRAILER_BYTES;
      span = this.#spanAt(span, entries.keyBytes, userLength);
      const current = this.#spans[span];
      const start = current?.start;
      if (
        start === undefined ||
        compareByteRanges(entries.keyBytes, 0, userLength, start, 0, start.length) < 0
      ) {
        dropped += 1;
        continue;
      }
      const shared = builder.sharedWithLast(entries.keyBytes, entries.keyLength);
      const { keyBytes, keyLength, data, valueStart, valueEnd } = entries;
      builder.append(keyBytes, keyLength, shared, data, valueStart, valueEnd);
      if (this.#smallest === undefined) this.#smallest = keyBytes.slice(0, keyLength);
      const sequence = sequenceNumberOf(keyBytes, keyLength);
      if (sequence > this.#largestSequence) this.#largestSequence = sequence;
      kept += 1;
    }
    if (kept === 0) return;
    const { lastKey, lastKeyLength } = builder;
    this.#largest = lastKey.slice(0, lastKeyLength);
    this.#decodedEntries += kept;
    if (dropped === 0) {
      this.#copyStored(block, stored, lastKey, lastKeyLength);
      return;
    }
    this.#openOutput().writeBlock(index.offsetOf(block), builder.finish(), lastKey, lastKeyLength);
    this.#lastKeptBlock = block;
    this.#rebuiltBlocks += 1;
    this.#rebuiltEntries += kept;
  }

  /** The first span, from `span` on, that does not end at or before a user key. */
  #spanAt(span: number, bytes: Uint8Array, userLength: number): number {
    for (let at = span; ; at += 1) {
      const end = this.#spans[at]?.end;
      if (end === undefined || compareByteRanges(bytes, 0, userLength, end, 0, end.length) < 0) {
        return at;
      }
    }
  }

  #finish(): SliceProperties | undefined {
    if (this.#output === undefined || this.#smallest === undefined) return undefined;
    if (this.#largest === undefined) {
      const { index } = this.#parts;
      const block = this.#lastKeptBlock;
      this.#load(block, this.#blocks.readStored(index.offsetOf(block), index.sizeOf(block)));
      this.#entries.seekToLast();
      this.#largest = this.#currentKey(block);
    }
    return {
      sizeBytes: this.#output.finish(),
      smallest: this.#smallest,
      largest: this.#largest,
      copiedBlocks: this.#copiedBlocks,
      rebuiltBlocks: this.#rebuiltBlocks,
      copiedBytes: this.#copiedBytes,
      rebuiltEntries: this.#rebuiltEntries,
      ...(this.#allDecoded
        ? { entries: this.#decodedEntries, largestSequence: this.#largestSequence }
        : {}),
    };
  }

  #load(block: number, stored: Uint8Array): void {
    const { index, file } = this.#parts;
    const offset = index.offsetOf(block);
    this.#entries.load(this.#blocks.decode(stored, offset), { path: file.path, offset });
  }

  #currentKey(block: number): Uint8Array {
    const { index, file } = this.#parts;
    if (!this.#entries.valid) {
      throw corrupt('a data block has no entry', {
        path: file.path,
        offset: index.offsetOf(block),
      });
    }
    return this.#entries.keyBytes.slice(0, this.#entries.keyLength);
  }

  #openOutput(): SliceOutput {
    this.#output ??= new SliceOutput(
      new TableWriter(this.#createFile(), this.#compression, this.#path),
      this.#parts.filter,
    );
    return this.#output;
  }
}

/** Places kept blocks so that the source's filters still fit them. */
class SliceOutput {
  readonly #writer: TableWriter;
  readonly #source: FilterBlockReader | undefined;
  readonly #filter: FilterBlockWriter | undefined;
  /** How far the block placed last moved, in windows. */
  #shift = 0;

  constructor(writer: TableWriter, source: FilterBlockReader | undefined) {
    this.#writer = writer;
    this.#source = source;
    this.#filter = source === undefined ? undefined : new FilterBlockWriter();
  }

  copyBlock(sourceOffset: number, stored: Uint8Array, key: Uint8Array, keyLength: number): void {
    this.#place(sourceOffset);
    this.#writer.copyStoredBlock(stored);
    this.#addIndexEntry(key, keyLength);
  }

  writeBlock(sourceOffset: number, contents: Uint8Array, key: Uint8Array, keyLength: number): void {
    this.#place(sourceOffset);
    this.#writer.writeBlock(contents);
    this.#addIndexEntry(key, keyLength);
  }

  finish(): number {
    return this.#writer.finish(this.#filter?.finish());
  }

  #addIndexEntry(key: Uint8Array, keyLength: number): void {
    this.#writer.addIndexEntry(key, keyLength, this.#writer.blockOffset, this.#writer.blockSize);
  }

  /** Pads up to where the block goes, and gives its window the filter of its window in the source. */
  #place(sourceOffset: number): void {
    const filter = this.#filter;
    if (filter === undefined || this.#source === undefined) return;
    const sourceWindow = filterWindowOf(sourceOffset);
    const inWindow = sourceOffset - sourceWindow * FILTER_WINDOW_BYTES;
    // The earliest window in which the block fits behind what is written…
    const earliest = Math.ceil(Math.max(0, this.#writer.offset - inWindow) / FILTER_WINDOW_BYTES);
    // …and that either has no filter yet, or has the very one that the block needs.
    const lastWindow = filter.windowCount - 1;
    const sharesLast = lastWindow >= 0 && sourceWindow + this.#shift === lastWindow;
    let window = earliest;
    if (window <= lastWindow && !(sharesLast && window === lastWindow)) window = lastWindow + 1;
    this.#shift = window - sourceWindow;
    this.#writer.padTo(window * FILTER_WINDOW_BYTES + inWindow);
    if (window > lastWindow) {
      filter.skipTo(window);
      this.#source.copyTo(filter, sourceWindow);
    }
  }
}
