// Plans the next version from the base's version, the spans and the incoming runs. It touches no file.
//
// The plan keeps these rules (docs/leveldb-rules.md):
// - outside the spans every entry keeps its level and its order;
// - inside the spans only incoming entries remain;
// - levels 1 to 6 are sorted and disjoint, and no user key is in two tables of a level, not even where LevelDB
//   itself left such a pair (rule 10; shadowed-keys.ts);
// - of two runs the newer lies in the shallower level (rule 11). Where LevelDB put the newer version of a key deeper,
//   the plan repairs it as far as the tables' bounds show it;
// - every run lies as deep as the other rules allow: the oldest in level 6 (rule 12).
//
// A table that straddles a span is split. It becomes ONE table with holes, except that it is divided where an incoming
// table lies in a hole at the same level. So a level-0 table that overlaps thirteen spans stays one table, and level 0
// does not grow.

import { compareBytes, insertSpan, joinTouchingSpans, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import type { Version } from '../leveldb/manifest.js';
import { shadowedKeys } from '../leveldb/shadowed-keys.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { type KeyBounds, rangesOutside, spansOverlapping } from '../spans.js';
import { MAX_RUNS } from '../tables/table-set.js';

const DEEPEST_LEVEL = LEVEL_COUNT - 1;

/** A table of the base that the next version takes as it is. */
export interface LinkStep {
  readonly level: number;
  readonly table: TableEntry;
}

/** A table of the base to split. Each member of `outputs` becomes a table with the entries of those spans. */
export interface SplitStep {
  readonly level: number;
  readonly table: TableEntry;
  readonly outputs: ReadonlyArray<readonly Span[]>;
}

/** An incoming table and its level. */
export interface PlaceStep<T extends KeyBounds> {
  readonly level: number;
  readonly table: T;
  /** Index into the spans. */
  readonly spanIndex: number;
}

/** A table to split, and the ranges of it that the next version keeps, in order. */
export interface StraddlingTable {
  readonly level: number;
  readonly table: TableEntry;
  readonly keep: readonly Span[];
}

/** The part of a plan that does not depend on the incoming tables. */
export interface BasePlan {
  readonly links: readonly LinkStep[];
  readonly straddling: readonly StraddlingTable[];
}

/** A complete plan of the next version. */
export interface VersionPlan<T extends KeyBounds> {
  readonly links: readonly LinkStep[];
  readonly splits: readonly SplitStep[];
  readonly placed: ReadonlyArray<PlaceStep<T>>;
}

/** Plans which of the base's tables to link and which to split. The spans are sorted and disjoint. */
export function planBase(base: Pick<Version, 'levels'>, spans: readonly Span[]): BasePlan {
  const merged = joinTouchingSpans(spans);
  const shadowed = shadowedKeys(base.levels);
  const links: LinkStep[] = [];
  const straddling: StraddlingTable[] = [];
  for (const [level, tables] of base.levels.entries()) {
    for (const table of tables) {
      const split = spansOverlapping(merged, table);
      const shared = shadowed.get(table.number)?.span;
      if (split.length === 0 && shared === undefined) {
        links.push({ level, table });
        continue;
      }
      const holes = shared === undefined ? split : joinTouchingSpans(insertSpan(split, shared));
      const keep = rangesOutside(holes, table);
      // A table that lies inside the spans is left out.
      if (keep.length > 0) straddling.push({ level, table, keep });
    }
  }
  return { links, straddling };
}

/**
 * Completes the plan of the next version.
 *
 * @param incoming the runs of each span, oldest first, at most MAX_RUNS
 */
export function planIncoming<T extends KeyBounds>(
  { links, straddling }: BasePlan,
  incoming: ReadonlyArray<ReadonlyArray<readonly T[]>>,
): VersionPlan<T> {
  const placed = placeRuns(incoming);
  const occupied = Array.from({ length: LEVEL_COUNT }, (_, level) =>
    placed
      .filter((step) => step.level === level)
      .map(({ table }) => userKeyOf(table.smallest))
      .sort(compareBytes),
  );
  const splits = straddling.map(({ level, table, keep }): SplitStep => {
    const taken = level === 0 ? [] : (occupied[level] ?? []);
    return { level, table, outputs: splitAtOccupiedHoles(keep, taken) };
  });
  return { links, splits, placed };
}

function placeRuns<T extends KeyBounds>(
  incoming: ReadonlyArray<ReadonlyArray<readonly T[]>>,
): Array<PlaceStep<T>> {
  const placed: Array<PlaceStep<T>> = [];
  for (const [spanIndex, runs] of incoming.entries()) {
    let level = DEEPEST_LEVEL;
    for (const run of runs) {
      if (run.length === 0) continue;
      if (level < 1) throw new RangeError(`more than ${MAX_RUNS} runs in a span`);
      for (const table of run) placed.push({ level, table, spanIndex });
      level--;
    }
  }
  return placed;
}

/** Groups consecutive ranges into one output unless an incoming table of that level begins between them. */
function splitAtOccupiedHoles(keep: readonly Span[], occupied: readonly Uint8Array[]): Span[][] {
  const outputs: Span[][] = [];
  for (const range of keep) {
    const last = outputs.at(-1)?.at(-1);
    if (last?.end !== undefined && !beginsWithin(occupied, last.end, range.start)) {
      outputs.at(-1)?.push(range);
    } else {
      outputs.push([range]);
    }
  }
  return outputs;
}

function beginsWithin(sorted: readonly Uint8Array[], from: Uint8Array, to: Uint8Array): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = sorted[middle];
    if (key !== undefined && compareBytes(key, from) < 0) low = middle + 1;
    else high = middle;
  }
  const first = sorted[low];
  return first !== undefined && compareBytes(first, to) < 0;
}
