/** A table's size and its exact bounds. */
export interface TableBounds {
  readonly sizeBytes: number;
  /** The first internal key. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
}

/** What is known of a table whose every entry was seen. */
export interface TableProperties extends TableBounds {
  readonly entries: number;
  /** How many of the entries are deletions. */
  readonly deletions: number;
  readonly smallestSequence: number;
  readonly largestSequence: number;
}

/**
 * What is known of a part. Blocks that were copied were not decoded, so that their entries and
 * sequences are unknown: the source's largest sequence is the bound to use.
 */
export interface PartProperties extends TableBounds {
  /** Data blocks taken byte for byte. */
  readonly copiedBlocks: number;
  /** Data blocks that lay across the bounds of a span, and were written anew without the rest. */
  readonly rebuiltBlocks: number;
  /** Stored size of the copied blocks. */
  readonly copiedBytes: number;
  /** Entries in the rebuilt blocks. */
  readonly rebuiltEntries: number;
  /** All entries: only if none of the blocks was copied without being decoded. */
  readonly entries?: number | undefined;
  /** As `entries`. */
  readonly largestSequence?: number | undefined;
}
