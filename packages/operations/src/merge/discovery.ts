// Compares the times at which records were discovered.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { SyncRecord } from '@sstitch/records';

/** Returns the time at which a record was discovered, or undefined if it has none. */
export function discoveredAt(record: SyncRecord): Timestamp | undefined {
  return 'discoveredAt' in record ? record.discoveredAt : undefined;
}

/** Orders two times. Undefined sorts first. */
export function compareTimes(a: Timestamp | undefined, b: Timestamp | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos - b.nanos;
}
