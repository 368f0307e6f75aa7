// Cursors of queries: base64url of a JSON array whose first element names the kind of position.
import { AccessError } from '../errors.js';

/** The position at which the next page starts. */
export type Place =
  /** After the holder of this name. */
  | readonly ['holder', resourceTypeId: string, resourceId: string]
  /** At a page of the principal's grants. */
  | readonly ['grants', cursor: string]
  /** After this entitlement, among those that no grant to the principal names. */
  | readonly ['derived', entitlementId: string];

export function formatCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Parses a cursor.
 *
 * @param kinds the kinds of position that the query has
 * @throws AccessError SSTITCH_CURSOR_INVALID
 */
export function parseCursor<K extends Place[0]>(
  cursor: string,
  kinds: readonly K[],
): Extract<Place, readonly [K, ...unknown[]]> {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(place) && place.every((part) => typeof part === 'string')) {
      const kind = kinds.find((known) => known === place[0]);
      if (kind !== undefined && place.length === LENGTHS[kind]) {
        return place as unknown as Extract<Place, readonly [K, ...unknown[]]>;
      }
    }
  } catch {
    // Text that is not base64url of JSON is as invalid as any other.
  }
  throw new AccessError(
    'SSTITCH_CURSOR_INVALID',
    'the cursor is none of this query: start again from the first page',
  );
}

const LENGTHS: Readonly<Record<Place[0], number>> = {
  holder: 3,
  grants: 2,
  derived: 2,
};
