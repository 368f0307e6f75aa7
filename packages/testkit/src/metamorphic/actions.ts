// The actions of a metamorphic run as plain data, so that fast-check can shrink and print them.
import fc from 'fast-check';
import type { StoreSettings, TransferSpec } from './target.js';

/** A key in hex: short to print, and sorted as its bytes are. */
export type HexKey = string;

export interface WriteStep {
  readonly key: HexKey;
  /** The length of the value, whose bytes derive from the action's number; undefined for a delete. */
  readonly valueBytes: number | undefined;
}

export interface RangeSpec {
  readonly from: HexKey | undefined;
  readonly to: HexKey | undefined;
  readonly isFromOpen: boolean;
  readonly isToClosed: boolean;
  readonly reverse: boolean;
  readonly limit: number;
}

/** Spans by their bounds, which are sorted and paired; entries outside them are dropped. */
export interface ReplaceSpec {
  readonly bounds: readonly HexKey[];
  readonly isLastUnbounded: boolean;
  readonly entries: readonly WriteStep[];
  readonly pageEntries: number;
}

export type Action =
  | { readonly do: 'batch'; readonly writes: readonly WriteStep[]; readonly sync: boolean }
  | {
      readonly do: 'fill';
      readonly prefix: HexKey;
      readonly count: number;
      readonly valueBytes: number;
    }
  | { readonly do: 'clear'; readonly range: RangeSpec }
  | ({ readonly do: 'replaceSpans' } & ReplaceSpec)
  | ({
      readonly do: 'replaceUnderWrites';
      readonly writes: readonly (readonly WriteStep[])[];
      readonly via: 'entries' | 'tables';
    } & ReplaceSpec)
  | ({ readonly do: 'replaceAborted'; readonly afterMs: number } & ReplaceSpec)
  | ({ readonly do: 'closeDuringReplace'; readonly afterMs: number } & ReplaceSpec)
  | ({
      readonly do: 'transfer';
      readonly compactSource: boolean;
    } & TransferSpec &
      ReplaceSpec)
  | ({ readonly do: 'excise' } & ReplaceSpec)
  | { readonly do: 'checkpoint'; readonly openedBy: 'engine' | 'classic-level' }
  | { readonly do: 'openReadOnly' }
  | { readonly do: 'reopen' }
  | { readonly do: 'compact'; readonly from: HexKey; readonly to: HexKey }
  | { readonly do: 'openIterator'; readonly range: RangeSpec; readonly ofSnapshot: number }
  | { readonly do: 'stepIterator'; readonly pick: number; readonly size: number }
  | { readonly do: 'openSnapshot' }
  | { readonly do: 'readSnapshot'; readonly pick: number; readonly keys: readonly HexKey[] }
  | { readonly do: 'closeView'; readonly pick: number };

/** Actions that read through a view and compare the result; they do not change the engine's state. */
export const VIEW_ACTIONS: ReadonlySet<Action['do']> = new Set([
  'openIterator',
  'stepIterator',
  'openSnapshot',
  'readSnapshot',
  'closeView',
]);

// A few distinct bytes at the edges of ranges, so that many keys are equal or prefixes of each other.
const keyByte = fc.constantFrom('00', '01', '61', '62', '7f', 'fe', 'ff');
const key: fc.Arbitrary<HexKey> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.array(keyByte, { minLength: 1, maxLength: 4 }).map((b) => b.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'ff'.repeat(70), `${'ff'.repeat(70)}00`) },
);
const valueBytes = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1000, max: 9000 }) },
);
const put = fc.record({ key, valueBytes });
const write: fc.Arbitrary<WriteStep> = fc.record({
  key,
  valueBytes: fc.oneof(
    { weight: 3, arbitrary: valueBytes },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
});
const writes = fc.array(write, { minLength: 1, maxLength: 10 });
const range: fc.Arbitrary<RangeSpec> = fc.record({
  from: fc.option(key, { nil: undefined }),
  to: fc.option(key, { nil: undefined }),
  isFromOpen: fc.boolean(),
  isToClosed: fc.boolean(),
  reverse: fc.boolean(),
  limit: fc.constantFrom(-1, -1, -1, 1, 7),
});
const replace: fc.Arbitrary<ReplaceSpec> = fc.record({
  bounds: fc.array(key, { minLength: 0, maxLength: 8 }),
  isLastUnbounded: fc.nat(5).map((n) => n === 0),
  entries: fc.array(put, { maxLength: 25 }),
  pageEntries: fc.integer({ min: 1, max: 9 }),
});
const pick = fc.nat(7);
const afterMs = fc.integer({ min: 0, max: 60 });

const WEIGHTED: ReadonlyArray<readonly [weight: number, arbitrary: fc.Arbitrary<Action>]> = [
  [10, fc.record({ do: fc.constant('batch' as const), writes, sync: fc.boolean() })],
  [
    3,
    fc.record({
      do: fc.constant('fill' as const),
      prefix: key,
      count: fc.integer({ min: 10, max: 150 }),
      valueBytes: fc.integer({ min: 200, max: 1500 }),
    }),
  ],
  [2, fc.record({ do: fc.constant('clear' as const), range })],
  [8, tagged('replaceSpans', {})],
  [
    4,
    tagged('replaceUnderWrites', {
      writes: fc.array(writes, { minLength: 1, maxLength: 5 }),
      via: fc.constantFrom('entries' as const, 'tables' as const),
    }),
  ],
  [2, tagged('replaceAborted', { afterMs })],
  [1, tagged('closeDuringReplace', { afterMs })],
  [
    6,
    tagged('transfer', {
      move: fc.boolean(),
      tables: fc.constantFrom('linked' as const, 'linked' as const, 'rebuilt' as const),
      compactSource: fc.boolean(),
    }),
  ],
  [3, tagged('excise', {})],
  [
    2,
    fc.record({
      do: fc.constant('checkpoint' as const),
      openedBy: fc.constantFrom('engine' as const, 'classic-level' as const),
    }),
  ],
  [1, fc.record({ do: fc.constant('openReadOnly' as const) })],
  [2, fc.record({ do: fc.constant('reopen' as const) })],
  [3, fc.record({ do: fc.constant('compact' as const), from: key, to: key })],
  [3, fc.record({ do: fc.constant('openIterator' as const), range, ofSnapshot: fc.nat(9) })],
  [
    4,
    fc.record({
      do: fc.constant('stepIterator' as const),
      pick,
      size: fc.integer({ min: 1, max: 40 }),
    }),
  ],
  [3, fc.record({ do: fc.constant('openSnapshot' as const) })],
  [
    3,
    fc.record({
      do: fc.constant('readSnapshot' as const),
      pick,
      keys: fc.array(key, { maxLength: 4 }),
    }),
  ],
  [3, fc.record({ do: fc.constant('closeView' as const), pick })],
];

// LevelDB's minimum comes first and most often, so that even little data fills levels and causes compactions.
const KIB = 1024;
const storeSettings: fc.Arbitrary<StoreSettings> = fc.record({
  writeBufferSize: fc.constantFrom(64 * KIB, 64 * KIB, 256 * KIB, 4096 * KIB),
  maxFileSize: fc.constantFrom(64 * KIB, 1024 * KIB, 2048 * KIB),
  blockSize: fc.constantFrom(KIB, KIB, 4 * KIB, 64 * KIB),
  blockRestartInterval: fc.constantFrom(16, 1, 2, 1000),
  cacheSize: fc.constantFrom(8192 * KIB, 1, 64 * KIB),
  maxOpenFiles: fc.constantFrom(1000, 1, 75),
  compression: fc.boolean(),
  shareTablesFromBytes: fc.constantFrom(0, 0, 4 * KIB, 128 * KIB, Number.POSITIVE_INFINITY),
});

/** The settings of the base, of the source, and of the reopened base, in turn. */
export const settingsInTurn: fc.Arbitrary<[StoreSettings, StoreSettings, StoreSettings]> = fc.tuple(
  storeSettings,
  storeSettings,
  storeSettings,
);

const STRETCH_ACTIONS = 20;
/** Options of a part that shrinking can remove, but that is almost never absent by chance. */
const LEFT_OUT = { nil: undefined, freq: 2 ** 30 } as const;

/** Sequences of `actions` actions. They shrink by whole stretches first, towards few and simple actions. */
export function actionSequences(actions: number): fc.Arbitrary<Action[]> {
  const action = fc.oneof(...WEIGHTED.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  const list = <T>(item: fc.Arbitrary<T>, length: number) =>
    fc.array(fc.option(item, LEFT_OUT), { minLength: length, maxLength: length });
  const stretches = list(list(action, STRETCH_ACTIONS), Math.floor(actions / STRETCH_ACTIONS));
  return fc
    .tuple(stretches, list(action, actions % STRETCH_ACTIONS))
    .map(([before, last]) => [...before.flatMap((stretch) => stretch ?? []), ...last])
    .map((sequence) => sequence.filter((step) => step !== undefined));
}

function tagged<T extends Action['do'], M extends object>(
  name: T,
  more: { [K in keyof M]: fc.Arbitrary<M[K]> },
): fc.Arbitrary<Action> {
  return fc
    .tuple(replace, fc.record(more))
    .map(([spec, extra]) => ({ do: name, ...spec, ...extra }) as unknown as Action);
}
