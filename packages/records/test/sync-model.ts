// A model of a store of one sync: its expected content after some writes.

import type { SyncRecord } from '../src/record-types.js';
import type { DiscoveredRecord } from '../src/store/newer-record.js';
import { nameOf } from './random-records.js';

export class SyncModel {
  readonly records = new Map<string, SyncRecord>();

  put(records: readonly SyncRecord[]): void {
    for (const record of records) this.records.set(nameOf(record), record);
  }

  /**
   * Puts, one after another, the records that were discovered later than the existing ones. Returns how many it
   * put.
   */
  putIfNewer(records: readonly DiscoveredRecord[]): number {
    const newer = (record: DiscoveredRecord) => {
      const old = this.records.get(nameOf(record));
      return old === undefined || timeOf(record) > timeOf(old);
    };
    let put = 0;
    for (const record of records) {
      if (!newer(record)) continue;
      this.put([record]);
      put += 1;
    }
    return put;
  }

  delete(record: SyncRecord): boolean {
    return this.records.delete(nameOf(record));
  }

  replace(records: readonly SyncRecord[]): void {
    this.records.clear();
    this.put(records);
  }
}

function timeOf(record: SyncRecord): bigint {
  const at = 'discoveredAt' in record ? record.discoveredAt : undefined;
  return at === undefined ? -1n : at.seconds * 1_000_000_000n + BigInt(at.nanos);
}
