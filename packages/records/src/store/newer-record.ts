// Compares the discovery times of two records with the same id.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type {
  AssetRecord,
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
  ResourceTypeRecord,
} from '../gen/c1/storage/v3/records_pb.js';
import type { SyncRecord } from '../record-types.js';
import { compareTimes } from '../timestamps.js';

/** A record with a discovery time. */
export type DiscoveredRecord =
  | ResourceTypeRecord
  | ResourceRecord
  | EntitlementRecord
  | GrantRecord
  | AssetRecord;

/** Whether `record` was discovered after `other`. A record without a time is older than any with one. */
export function isNewer(record: SyncRecord, other: SyncRecord): boolean {
  return compareTimes(discoveredAt(record), discoveredAt(other)) > 0;
}

function discoveredAt(record: SyncRecord): Timestamp | undefined {
  return 'discoveredAt' in record ? record.discoveredAt : undefined;
}
