// A base with syncs whose ids are adjacent or nearly so, with entries in every bucket, and with stray keys
// between and around them that belong to no sync. Replacing a sync must leave every other sync and every stray
// key unchanged, byte for byte.
import {
  type ByteOperation,
  byteEncodings,
  compareBytes,
  type Engine,
  type ReadWriteEngine,
  spanContains,
} from '@sstitch/contract';
import {
  BUCKETS,
  type Bucket,
  bucketLayout,
  buildKey,
  formatSyncId,
  RESERVED_RANGES,
  type SyncIdBytes,
  syncIdBytes,
  syncSpans,
  syncSpansInKeyOrder,
} from '@sstitch/keys';

/** A key and its value. */
export type FixtureEntry = readonly [key: Uint8Array, value: Uint8Array];

/** One sync of the fixtures. */
export interface FixtureSync {
  /** What makes its id a hard case. */
  readonly what: string;
  /** The text form. */
  readonly syncId: string;
  /** The binary form, as it stands in keys. */
  readonly syncIdBytes: SyncIdBytes;
}

const ID_BYTES = 20;
const HEAD = '4dca182530bb1d6d132cded6237b2ed91e3f72';

// Within each group, neighbours differ as little as possible, and upper bounds equal lower bounds.
const AWKWARD_IDS: ReadonlyArray<readonly [what: string, hex: string]> = [
  ['all 00: the smallest id', '00'.repeat(ID_BYTES)],
  ['all 00 except a last 01', `${'00'.repeat(ID_BYTES - 1)}01`],
  ['an ordinary id', `${HEAD}1f`],
  ['its upper bound is the next one’s lower bound', `${HEAD}20`],
  ['differs from the previous one in the last byte', `${HEAD}21`],
  ['ends in FE', `${HEAD}fe`],
  ['ends in FF: its upper bound is shorter than an id', `${HEAD}ff`],
  ['follows an id that ends in FF, and ends in 00', `${HEAD.slice(0, -2)}7300`],
  ['ends in 00 FF', `${HEAD.slice(0, -2)}00ff`],
  ['ends in FF FF', `${HEAD.slice(0, -2)}ffff`],
  ['all FF except a last FE', `${'ff'.repeat(ID_BYTES - 1)}fe`],
  ['all FF: its upper bound is the bucket’s', 'ff'.repeat(ID_BYTES)],
];

/** Elements that exercise the escapes, the separator and the ends of the alphabet. */
const AWKWARD_ELEMENTS = [
  '',
  '\0',
  '\0\0',
  '\x01',
  '\x01\x01',
  '\0\x01\x02',
  'a',
  'a\0',
  'a\0b',
  'a\x01',
  'ab',
  'group:group-0000010:member',
  'user:ümlaut',
  '\u007f\u0080',
  '\ufeff',
  '\uffff',
  '𐀀',
  '\u{10ffff}',
  'long '.repeat(60),
];

/** The syncs of the fixtures, in the order of their ids. */
export const FIXTURE_SYNCS: readonly FixtureSync[] = AWKWARD_IDS.map(([what, hex]) => {
  const bytes = syncIdBytes(Uint8Array.from(Buffer.from(hex, 'hex')));
  return { what, syncId: formatSyncId(bytes), syncIdBytes: bytes };
}).sort((a, b) => compareBytes(a.syncIdBytes, b.syncIdBytes));

/**
 * Returns all entries of a fixture sync in key order; every bucket has some. Between two versions, some keys
 * have another value, some are only in one of them, and some are equal.
 *
 * The keys are well-formed, but the values are not messages and the index entries belong to no record: code
 * that moves entries must not read them.
 */
export function fixtureEntries(syncId: SyncIdBytes, version: number): FixtureEntry[] {
  const entries: FixtureEntry[] = [];
  for (const { bucket, kind } of BUCKETS) {
    for (const [index, elements] of elementsOf(bucket).entries()) {
      if (elements.length > 0 && (index + version) % 5 === 0) continue;
      const revised = (index + version) % 3 === 0 ? version : 0;
      const value =
        kind === 'index' ? '' : `${bucket} ${index} of version ${revised} `.repeat(1 + (index % 9));
      entries.push([buildKey(bucket, syncId, elements), Buffer.from(value)]);
    }
  }
  return entries
    .map(([key, value]): FixtureEntry => [key, Uint8Array.from(value)])
    .sort((a, b) => compareBytes(a[0], b[0]));
}

/**
 * Returns entries that belong to no sync, as close to the bounds of the syncs as possible: no replacement may
 * change one.
 */
export function strayEntries(): FixtureEntry[] {
  const keys: Uint8Array[] = [];
  for (const { prefix } of RESERVED_RANGES) {
    keys.push(prefix, Uint8Array.of(...prefix, 0), Uint8Array.of(...prefix, 0xff, 0xff));
  }
  for (const { syncIdBytes: id } of FIXTURE_SYNCS) {
    for (const { span } of syncSpans(id)) {
      // A key just below the lower bound: the bound without its last byte.
      keys.push(span.start.slice(0, -1));
      if (span.end !== undefined) keys.push(span.end);
    }
  }
  keys.push(
    Uint8Array.of(0),
    Uint8Array.of(2, 255),
    Uint8Array.of(3),
    Uint8Array.of(4),
    Uint8Array.of(255),
  );
  const spans = FIXTURE_SYNCS.flatMap(({ syncIdBytes: id }) => syncSpans(id));
  return keys
    .sort(compareBytes)
    .filter((key, at) => at === 0 || compareBytes(key, keys[at - 1] ?? key) !== 0)
    .filter((key) => !spans.some(({ span }) => spanContains(span, key)))
    .map((key, at): FixtureEntry => [key, Uint8Array.from(Buffer.from(`stray ${at}`))]);
}

/** Writes the base of the fixtures to an empty engine: every sync at version 1, and the stray keys. */
export async function writeFixtureBase(engine: ReadWriteEngine): Promise<void> {
  const entries = [
    ...FIXTURE_SYNCS.flatMap(({ syncIdBytes: id }) => fixtureEntries(id, 1)),
    ...strayEntries(),
  ];
  await putAll(engine, entries);
}

/** Writes syncs at a given version to an engine, as a source for a compaction. */
export async function writeFixtureSource(
  engine: ReadWriteEngine,
  syncs: readonly FixtureSync[],
  version = 2,
): Promise<void> {
  for (const { syncIdBytes: id } of syncs) await putAll(engine, fixtureEntries(id, version));
}

/** Replaces syncs by their entries at a given version, in one call of `replaceSpans`. */
export async function replaceFixtureSyncs(
  engine: Pick<Engine, 'replaceSpans'>,
  syncs: readonly FixtureSync[],
  version = 2,
): Promise<void> {
  const spans = syncs
    .flatMap(({ syncIdBytes: id }) => syncSpansInKeyOrder(id))
    .map(({ span }) => span)
    .sort((a, b) => compareBytes(a.start, b.start));
  const entries = syncs
    .flatMap(({ syncIdBytes: id }) => fixtureEntries(id, version))
    .sort((a, b) => compareBytes(a[0], b[0]));
  await engine.replaceSpans(
    spans,
    (async function* () {
      for (let at = 0; at < entries.length; at += 100) yield entries.slice(at, at + 100);
    })(),
  );
}

async function putAll(engine: ReadWriteEngine, entries: readonly FixtureEntry[]): Promise<void> {
  for (let at = 0; at < entries.length; at += 1000) {
    const page = entries.slice(at, at + 1000);
    await engine.batch(
      page.map(([key, value]): ByteOperation => ({ type: 'put', key, value })),
      byteEncodings,
    );
  }
}

/** The element lists of a bucket: each awkward element in each place, beside ordinary ones. */
function elementsOf(bucket: Bucket): string[][] {
  const names = bucketLayout(bucket).elements;
  if (names.length === 0) return [[]];
  return AWKWARD_ELEMENTS.flatMap((awkward, at) =>
    names.map((name, place) =>
      names.map((_, other) => (other === place ? awkward : `${name}-${at}-${other}`)),
    ),
  );
}
