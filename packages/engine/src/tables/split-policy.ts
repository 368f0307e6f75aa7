// Decides whether the parts of a split table share the table's file or are copied into files of their own
// (docs/decisions/0005-share-in-place.md). Only share-parts.ts makes files that hold several tables, and only
// `sharesFile` leads to it.

/** How a store splits tables. It is plain data, which is sent to threads. */
export type SplitPolicy =
  /** Each part is copied into a file of its own. */
  | { readonly mode: 'copy' }
  /** The parts share the table's file if one of them is at least this large. */
  | { readonly mode: 'share'; readonly fromBytes: number };

/** The policy of copying every part. */
export const COPY_PARTS: SplitPolicy = { mode: 'copy' };

/**
 * Parts that together make up less of a table than this are copied, as a shared file would keep mostly what was split
 * away. This matters for large tables; for tables of LevelDB's own size, `fromBytes` decides.
 */
const MIN_KEPT_SHARE = 1 / 16;

/**
 * Whether the parts of a table share its file.
 *
 * All parts share it if one is large: the file is kept in any case, and appending an index takes less time than making
 * and fsyncing a file.
 *
 * @param partBytes the size of each part's blocks
 */
export function sharesFile(
  policy: SplitPolicy,
  partBytes: readonly number[],
  tableBytes: number,
): boolean {
  if (policy.mode === 'copy') return false;
  const kept = partBytes.reduce((sum, bytes) => sum + bytes, 0);
  const hasLarge = partBytes.some((bytes) => bytes > 0 && bytes >= policy.fromBytes);
  return hasLarge && kept >= tableBytes * MIN_KEPT_SHARE;
}
