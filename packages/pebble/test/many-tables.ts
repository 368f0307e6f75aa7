import { EditWriter, encodeDatabase } from './encode-database.js';
import { encodeRowTable } from './encode-row-table.js';
import type { Files, MemoryFiles } from './memory-files.js';

/** Ten tables of a hundred keys, ten keys in a block: keys 000 to 099 are in table 1, and so on. */
export function manyTables(): MemoryFiles {
  const edit = new EditWriter().head();
  const files: Files = new Map();
  for (let table = 1; table <= 10; table += 1) {
    const keys = Array.from({ length: 100 }, (_, index) => keyOf(table * 100 - 100 + index));
    const value = 'v'.repeat(100);
    const points = keys.map((key) => ({ key, sequence: 5, value }));
    const bytes = encodeRowTable({ points, pointsInBlock: 10 });
    files.set(`00000${table - 1}.sst`, bytes);
    edit.addTable({
      number: table - 1,
      sizeBytes: bytes.length,
      smallest: keys[0] as string,
      largest: keys.at(-1) as string,
    });
  }
  return encodeDatabase([edit], files);
}

export const keyOf = (index: number) => `key ${String(index).padStart(4, '0')}`;
