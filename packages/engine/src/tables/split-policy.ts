// Whether the parts of a table that is split share the table's file, or are copied into files of their own
// (docs/decisions/0005-share-in-place.md). Everything that makes a file hold more than one table is in
// share-parts.ts, and nothing reaches it but by `sharesFile`.

/** How a store splits tables; plain data, which crosses threads. */
export type SplitPolicy =
  /** Each part becomes a file of its own: no file holds more than its table. */
  | { readonly mode: 'copy' }
  /** The parts share the table's file where one of them holds so many bytes of it. */
  | { readonly mode: 'share'; readonly fromBytes: number };

export const COPY_PARTS: SplitPolicy = { mode: 'copy' };

/**
 * Parts that make up less of a table than this are copied: a shared file keeps what was split away. With tables of
 * LevelDB's own size `fromBytes` decides; this is for larger ones.
 */
const MIN_KEPT_SHARE = 1 / 16;

/**
 * Whether the parts of a table are to share its file.
 *
 * A small part shares it too where a large one does: the file stays for the large one's sake, and a file of its own
 * takes longer to make and sync than an index.
 *
 * @param partBytes what each part holds of the table's blocks
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
