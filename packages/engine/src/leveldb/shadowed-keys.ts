// Finds shadowed keys: a table begins with old versions of a user key, whose newer versions lie in the table before it
// or in a deeper level.
//
// LevelDB 1.20 can end one output table of a compaction, and start the next, between two versions of a user key that a
// snapshot keeps. The two tables are neighbours in a level: the first ends with the newer versions, and the second
// begins with the older ones. LevelDB may then compact the first alone into a deeper level. From then on its get, which
// stops at the shallower level, returns an old version, while iterators, which sort by sequence, return the new one
// (google/leveldb#320; docs/leveldb-rules.md, rule 10).
//
// A new generation does not need these old versions, as no snapshot of it can be old enough to see them. So commits and
// extracts leave them out.
//
// This file uses the tables' bounds only. It does not see a newer version that a compaction merged into the middle
// of a deeper table; find-shared-keys.ts finds those.
import { compareBytes, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import type { TableEntry } from './version-edit.js';

/** The first user key of a table, of which the table holds only old versions. */
export interface ShadowedKey {
  /** The span of only that key. */
  readonly span: Span;
  /** Whether the newer version lies in a deeper level, so that get returns an old one already. */
  readonly isStale: boolean;
}

type Bounds = Pick<TableEntry, 'number' | 'smallest' | 'largest'>;

/** Returns the shadowed keys of a version, by the tables' numbers. */
export function shadowedKeys(
  levels: ReadonlyArray<readonly Bounds[]>,
): ReadonlyMap<number, ShadowedKey> {
  const shadowed = new Map<number, ShadowedKey>();
  for (const [level, tables] of levels.entries()) {
    if (level === 0) continue;
    for (const [index, table] of tables.entries()) {
      const before = tables[index - 1];
      if (before === undefined) continue;
      const key = userKeyOf(table.smallest);
      if (compareBytes(userKeyOf(before.largest), key) !== 0) continue;
      shadowed.set(table.number, { span: onlyKey(key), isStale: false });
    }
    for (const deeper of levels.slice(level + 1)) addStale(tables, deeper, shadowed);
  }
  return shadowed;
}

/** Adds the tables whose first key is a bound of a deeper table that has a newer version of it. */
function addStale(
  tables: readonly Bounds[],
  deeper: readonly Bounds[],
  shadowed: Map<number, ShadowedKey>,
): void {
  let next = 0;
  for (const { number, smallest } of tables) {
    if (deeper.length === 0) return;
    const key = userKeyOf(smallest);
    let below = deeper[next];
    while (below !== undefined && compareBytes(userKeyOf(below.largest), key) < 0) {
      below = deeper[++next];
    }
    if (below === undefined) return;
    const sequence = sequenceNumberOf(smallest);
    const isNewer = (bound: Uint8Array) =>
      compareBytes(userKeyOf(bound), key) === 0 && sequenceNumberOf(bound) > sequence;
    if (!isNewer(below.smallest) && !isNewer(below.largest)) continue;
    shadowed.set(number, { span: onlyKey(key), isStale: true });
  }
}

function onlyKey(key: Uint8Array): Span {
  const after = new Uint8Array(key.byteLength + 1);
  after.set(key);
  return { start: key, end: after };
}
