// Counts tables and their bytes by origin, that is, by how they were made.
import type { OriginTotals, TableOrigin } from '@sstitch/contract';
import type { TableFile } from './table-set.js';

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

/** Returns the totals of tables. A virtual table counts with its part of the file. */
export function totalsOf(tables: readonly TableFile[]): OriginTotals {
  const totals = emptyTotals();
  for (const { origin, dataBytes, sizeBytes } of tables) {
    addToTotals(totals, origin, dataBytes ?? sizeBytes);
  }
  return totals;
}
