/** A table's size and its exact bounds. */
export interface TableBounds {
  /** The size of the table. */
  readonly sizeBytes: number;
  /** The first internal key. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
}

/** The properties of a table, of which every entry was read or written. */
export interface TableProperties extends TableBounds {
  /** The number of entries, including deletions. */
  readonly entries: number;
  /** The number of entries that are tombstones. */
  readonly deletions: number;
  /** The lowest sequence number of an entry. */
  readonly smallestSequence: number;
  /** The highest sequence number of an entry. */
  readonly largestSequence: number;
}

/**
 * The properties of a part of a table. Copied blocks are not decoded, so their entries and sequences are unknown; use
 * the source's largest sequence as a bound.
 */
export interface PartProperties extends TableBounds {
  /** The number of data blocks that were copied, or shared, byte for byte. */
  readonly copiedBlocks: number;
  /** The number of data blocks that were rebuilt with the entries inside, where a block straddles a bound of a span. */
  readonly rebuiltBlocks: number;
  /** The stored size of the copied blocks, in bytes. */
  readonly copiedBytes: number;
  /** The number of entries in the rebuilt blocks. */
  readonly rebuiltEntries: number;
  /** The number of all entries. Undefined unless all blocks were decoded. */
  readonly entries?: number | undefined;
  /** The largest sequence. Undefined unless all blocks were decoded. */
  readonly largestSequence?: number | undefined;
}
