// Which of two records with one id was discovered later.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type {
  AssetRecord,
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
  ResourceTypeRecord,
} from './gen/c1/storage/v3/records_pb.js';
import type { SyncRecord } from './record-types.js';
import { compareTimes } from './timestamps.js';

/** A record that says when it was discovered. */
export type DiscoveredRecord =
  | ResourceTypeRecord
  | ResourceRecord
  | EntitlementRecord
  | GrantRecord
  | AssetRecord;

/** Whether `record` was discovered after `other`. One without a time is older than any that has one. */
export function isNewer(record: SyncRecord, other: SyncRecord): boolean {
  return compareTimes(discoveredAt(record), discoveredAt(other)) > 0;
}

function discoveredAt(record: SyncRecord): Timestamp | undefined {
  return 'discoveredAt' in record ? record.discoveredAt : undefined;
}
