import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';

/** The bounds of protobuf: the years 1 to 9999. */
const [FIRST_MS, LAST_MS] = [-62_135_596_800_000, 253_402_300_799_999];

/** Returns a time as a Date. One beyond the years 1 to 9999, which a file may hold, becomes the nearest of them. */
export function dateOf(time: Timestamp): Date {
  return new Date(Math.min(LAST_MS, Math.max(FIRST_MS, timestampMs(time))));
}

/** Compares two times. An undefined time precedes all others. */
export function compareTimes(a: Timestamp | undefined, b: Timestamp | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos - b.nanos;
}
