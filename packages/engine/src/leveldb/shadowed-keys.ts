// Keys that a table holds old versions of, newer ones of which lie where LevelDB's get looks later, or not at all.
//
// LevelDB 1.20 splits the output of a compaction between two versions of one user key, where a snapshot keeps both.
// The two tables are neighbours of one level; the first ends with the newer versions, the second begins with the
// older ones. It may then compact the first alone into a deeper level: get stops at the shallower one and gives
// an old version, while iterators, which go by the sequence, give the new one (google/leveldb#320; docs/leveldb-rules.md,
// rule 10).
//
// Nobody needs these old versions in a further generation: its first snapshot is younger than all of them. So
// whoever lays one out, or takes tables out, leaves them away.
//
// What is told here is told by the tables' bounds, without a look at their entries. A newer version that a
// compaction has merged into the middle of a deeper table is not seen: find-shared-keys.ts can look for that.
import { compareBytes, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import type { TableEntry } from './version-edit.js';

/** The first user key of a table, which holds nothing but old versions of it. */
export interface ShadowedKey {
  /** That key alone. */
  readonly span: Span;
  /** The newer version is in a deeper level: get gives an old one already. */
  readonly isStale: boolean;
}

type Bounds = Pick<TableEntry, 'number' | 'smallest' | 'largest'>;

/** The shadowed keys of a version's tables, by the tables' numbers. */
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

/** Of tables whose first key is a bound of a deeper table, with a newer version there. */
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
