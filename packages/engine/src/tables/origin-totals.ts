// Tables and bytes by how they came about.
import type { OriginTotals, TableOrigin } from '@sstitch/contract';

export function emptyTotals(): OriginTotals {
  return {
    linked: { tables: 0, bytes: 0 },
    copied: { tables: 0, bytes: 0 },
    split: { tables: 0, bytes: 0 },
    shared: { tables: 0, bytes: 0 },
    built: { tables: 0, bytes: 0 },
  };
}

export function addToTotals(totals: OriginTotals, origin: TableOrigin, sizeBytes: number): void {
  totals[origin].tables++;
  totals[origin].bytes += sizeBytes;
}
