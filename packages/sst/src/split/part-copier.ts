// The common part of `copyPart` and `sharePart`: decides which data blocks of a table to keep in their stored form,
// which to decode, and which to leave out.
//
// The keys of data block i are after the index key of block i-1 and at or before its own index key. By these two bounds,
// a block is
//   - left out, if no span overlaps them;
//   - kept in its stored form, if one span contains both;
//   - decoded otherwise, and rebuilt with the entries inside the spans, or kept if that is all of them.
// As the bounds of spans are user keys, all versions of a user key stay together.
//
// The index key of a block that was kept without decoding lies inside the span. The index key of a decoded block is its
// last kept key. So the index names no key outside the spans.

import { joinTouchingSpans, type Span } from '@sstitch/contract';
import { BlockBuilder } from '../block/block-builder.js';
import { BlockReader } from '../block/block-reader.js';
import { StoredBlockReader } from '../block/stored-block.js';
import { compareByteRanges, compareBytes } from '../compare-bytes.js';
import { seekKeyOf, sequenceNumberOf, TRAILER_BYTES, userKeyOf } from '../encoding/internal-key.js';
import { corrupt, SstError } from '../errors.js';
import type { TableIndex } from '../table/table-index.js';
import type { CheckedTableOptions, TableOptions } from '../table/table-options.js';
import type { TableParts } from '../table/table-parts.js';
import type { PartProperties } from '../table/table-properties.js';
import type { TableReader } from '../table/table-reader.js';
import { requireSpans } from './require-spans.js';

/** How to write rebuilt blocks. The filter is taken from the source. */
export type PartOptions = Pick<TableOptions, 'restartInterval' | 'compression' | 'path'>;

/**
 * A rebuilt block ends when it exceeds the size of the source's block by this. It has its own restart points, at which
 * keys are whole: if the source has few of them, and long keys that share most bytes, it would take far more memory.
 */
const MAX_REBUILT_GROWTH_BYTES = 1024 * 1024;

/** Receives the data blocks of a part, in order. */
export interface PartOutput {
  /** Adds the source's blocks `from` to `to` (exclusive) in their stored form. */
  keepBlocks(from: number, to: number): void;
  /** Adds one of the source's blocks in its stored form, with another index key. */
  keepBlock(block: number, key: Uint8Array, keyLength: number): void;
  /** Adds a rebuilt block, whose entries come from the source's block at `sourceOffset`. Several can come from one. */
  addBlock(sourceOffset: number, contents: Uint8Array, key: Uint8Array, keyLength: number): void;
  /** Completes the table and returns its size. */
  finish(): number;
}

/**
 * Adds the entries of a table in the spans to an output, which is opened when the first entry to keep is found.
 *
 * @returns undefined if the table has no entries in the spans
 */
export function copyInto(
  reader: TableReader,
  keep: readonly Span[],
  openOutput: () => PartOutput,
  options: CheckedTableOptions,
): PartProperties | undefined {
  requireSpans(keep);
  if (keep.length === 0) return undefined;
  try {
    return new PartCopier(reader, joinTouchingSpans(keep), openOutput, options).run();
  } catch (error) {
    if (!(error instanceof SstError) || error.code !== 'SSTITCH_TABLE_ORDER') throw error;
    // The entries come from the source, so the source is corrupt.
    const at = { path: reader.path };
    throw new SstError('SSTITCH_TABLE_CORRUPT', `out of order: ${error.message}`, at, error);
  }
}

/**
 * Receives the data blocks that `visitBlocks` finds. It is an object, as V8 drops the compiled code of closures that
 * each call creates.
 */
export interface BlockVisitor {
  /** Called with blocks `from` to `to` (exclusive), all of whose keys lie in one span. */
  visitWhole(from: number, to: number): void;
  /** Called with a block of which some keys may lie in spans, and the first span that may overlap it. */
  visitPart(block: number, span: number): void;
}

/**
 * Visits the data blocks that may hold entries in the spans, in order. It finds them by binary search.
 *
 * @param spans sorted and disjoint; they do not touch
 */
export function visitBlocks(
  reader: TableReader,
  spans: readonly Span[],
  visitor: BlockVisitor,
): void {
  const { index } = reader.parts;
  const count = index.blockCount;
  let next = 0;
  for (const [at, { start, end }] of spans.entries()) {
    const first = blockAt(index, start);
    if (first === count) return;
    let last = end === undefined ? count : blockAt(index, end);
    // The last index key may be above all keys.
    if (end !== undefined && last === count - 1 && isBefore(reader.largest(), end)) last = count;
    let from = Math.max(first, next);
    // If the first block was visited for the previous span, the next one begins inside this span.
    const beginsInside = first < next || (first === 0 && !isBefore(reader.smallest(), start));
    if (!beginsInside && first < last) {
      visitor.visitPart(first, at);
      from = first + 1;
    }
    if (from < last) visitor.visitWhole(from, last);
    next = Math.max(from, last);
    const mayReach = end !== undefined && (last > 0 || isBefore(reader.smallest(), end));
    if (last < count && next === last && mayReach) {
      visitor.visitPart(last, at);
      next = last + 1;
    }
  }
}

/** Returns the first block whose index key is at or after `userKey`. */
function blockAt(index: TableIndex, userKey: Uint8Array): number {
  return index.find(seekKeyOf(userKey), userKey.length + TRAILER_BYTES);
}

function isBefore(internalKey: Uint8Array, userKey: Uint8Array): boolean {
  return compareBytes(userKeyOf(internalKey), userKey) < 0;
}

class PartCopier implements BlockVisitor {
  readonly #parts: TableParts;
  readonly #spans: readonly Span[];
  readonly #reader: TableReader;
  readonly #openOutput: () => PartOutput;
  readonly #blocks: StoredBlockReader;
  readonly #entries = new BlockReader(TRAILER_BYTES);
  readonly #builder: BlockBuilder;
  #output: PartOutput | undefined;
  #smallest: Uint8Array | undefined;
  /** The last kept key, if its block was decoded. */
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
    openOutput: () => PartOutput,
    options: CheckedTableOptions,
  ) {
    this.#reader = reader;
    this.#parts = reader.parts;
    this.#spans = spans;
    this.#openOutput = openOutput;
    this.#blocks = new StoredBlockReader(reader.parts.file);
    this.#builder = new BlockBuilder(options.restartInterval);
  }

  run(): PartProperties | undefined {
    visitBlocks(this.#reader, this.#spans, this);
    return this.#finish();
  }

  visitWhole(from: number, to: number): void {
    if (this.#smallest === undefined) {
      this.#load(from);
      this.#entries.seekToFirst();
      this.#smallest = this.#currentKey(from);
    }
    this.#target().keepBlocks(from, to);
    this.#noteKept(from, to);
    this.#largest = undefined;
    this.#allDecoded = false;
  }

  #noteKept(from: number, to: number): void {
    this.#copiedBytes += this.#parts.index.storedBytes(from, to);
    this.#copiedBlocks += to - from;
    this.#lastKeptBlock = to - 1;
  }

  /** Keeps the entries of a block that lie in a span. */
  visitPart(block: number, firstSpan: number): void {
    const entries = this.#entries;
    const builder = this.#builder;
    this.#load(block);
    builder.reset();
    const mostBytes = entries.data.length + MAX_REBUILT_GROWTH_BYTES;
    let span = firstSpan;
    let kept = 0;
    let dropped = 0;
    let isRebuilt = false;
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
      if (builder.sizeBytes > mostBytes) {
        this.#addRebuilt(block);
        isRebuilt = true;
      }
    }
    if (kept === 0) return;
    const { lastKey, lastKeyLength } = builder;
    this.#largest = lastKey.slice(0, lastKeyLength);
    this.#decodedEntries += kept;
    if (dropped === 0 && !isRebuilt) {
      this.#target().keepBlock(block, lastKey, lastKeyLength);
      this.#noteKept(block, block + 1);
      return;
    }
    if (!builder.isEmpty) this.#addRebuilt(block);
    this.#lastKeptBlock = block;
    this.#rebuiltEntries += kept;
  }

  /** Adds the entries in the builder as a block. */
  #addRebuilt(block: number): void {
    const { lastKey, lastKeyLength } = this.#builder;
    const sourceOffset = this.#parts.index.offsetOf(block);
    this.#target().addBlock(sourceOffset, this.#builder.finish(), lastKey, lastKeyLength);
    this.#rebuiltBlocks += 1;
    this.#builder.reset();
  }

  /** Returns the first span, from `span` on, that ends after a user key. */
  #spanAt(span: number, bytes: Uint8Array, userLength: number): number {
    for (let at = span; ; at += 1) {
      const end = this.#spans[at]?.end;
      if (end === undefined || compareByteRanges(bytes, 0, userLength, end, 0, end.length) < 0) {
        return at;
      }
    }
  }

  #finish(): PartProperties | undefined {
    if (this.#output === undefined || this.#smallest === undefined) return undefined;
    if (this.#largest === undefined) {
      const block = this.#lastKeptBlock;
      this.#load(block);
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

  #load(block: number): void {
    const { index, file } = this.#parts;
    const offset = index.offsetOf(block);
    const contents = this.#blocks.read(offset, index.sizeOf(block));
    this.#entries.load(contents, { path: file.path, offset });
  }

  #currentKey(block: number): Uint8Array {
    const { index, file } = this.#parts;
    if (!this.#entries.valid) {
      throw corrupt('a data block has no entries', {
        path: file.path,
        offset: index.offsetOf(block),
      });
    }
    return this.#entries.keyBytes.slice(0, this.#entries.keyLength);
  }

  #target(): PartOutput {
    this.#output ??= this.#openOutput();
    return this.#output;
  }
}
