// When a record was discovered.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { SyncRecord } from '@sstitch/records';

/** When a record was discovered; undefined where it does not say. */
export function discoveredAt(record: SyncRecord): Timestamp | undefined {
  return 'discoveredAt' in record ? record.discoveredAt : undefined;
}

/** Orders two times; none at all comes before every time. */
export function compareTimes(a: Timestamp | undefined, b: Timestamp | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos - b.nanos;
}
