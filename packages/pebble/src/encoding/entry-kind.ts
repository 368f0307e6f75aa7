// The kinds of entries (Pebble's InternalKeyKind). The numbers are part of the format.

const DELETE = 0;
export const SET = 1;
const MERGE = 2;
export const LOG_DATA = 3;
const SINGLE_DELETE = 7;
export const RANGE_DELETE = 15;
export const SET_WITH_DELETE = 18;
const RANGE_KEY_DELETE = 19;
const RANGE_KEY_SET = 21;
export const INGEST_TABLE = 22;
export const DELETE_SIZED = 23;
export const EXCISE = 24;

/** The kinds of points, and whether each has a value. */
const HAS_VALUE = new Map([
  [DELETE, false],
  [SET, true],
  [SINGLE_DELETE, false],
  [SET_WITH_DELETE, true],
  [DELETE_SIZED, false],
]);

/** The role of each kind: 0 is not a point that this package reads, 1 a tombstone, 2 a value. */
export const POINT_ROLE = Uint8Array.from({ length: 256 }, (_, kind) => {
  const hasValue = HAS_VALUE.get(kind);
  if (hasValue === undefined) return 0;
  return hasValue ? 2 : 1;
});
export const ROLE_VALUE = 2;

const REFUSED = new Map([
  [MERGE, 'a MERGE entry'],
  [RANGE_KEY_DELETE, 'a RANGEKEYDEL entry'],
  [20, 'a RANGEKEYUNSET entry'],
  [RANGE_KEY_SET, 'a RANGEKEYSET entry'],
]);

/** The name of a kind that Pebble has and this package refuses; undefined if Pebble has no such kind. */
export function refusedKindName(kind: number): string | undefined {
  return REFUSED.get(kind);
}
