// A base with syncs whose ids are as close to each other as ids can be, every bucket of each filled, and
// between and around them keys that belong to no sync. Whatever replaces one of the syncs must leave all
// of the others, and every stray key, byte for byte as they were.
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

export type FixtureEntry = readonly [key: Uint8Array, value: Uint8Array];

/** One sync of the fixtures. */
export interface FixtureSync {
  /** What is awkward about its id. */
  readonly what: string;
  /** The text form. */
  readonly syncId: string;
  readonly syncIdBytes: SyncIdBytes;
}

const ID_BYTES = 20;
const HEAD = '4dca182530bb1d6d132cded6237b2ed91e3f72';

// Within each group, neighbours differ in as little as ids can; upper bounds meet lower bounds.
const AWKWARD_IDS: ReadonlyArray<readonly [what: string, hex: string]> = [
  ['all 00: the least id', '00'.repeat(ID_BYTES)],
  ['all 00 but for a last 01', `${'00'.repeat(ID_BYTES - 1)}01`],
  ['an ordinary id', `${HEAD}1f`],
  ['its upper bound is the next one’s lower bound', `${HEAD}20`],
  ['differs from the one before in the last byte', `${HEAD}21`],
  ['ends in FE', `${HEAD}fe`],
  ['ends in FF: its upper bound is shorter than an id', `${HEAD}ff`],
  ['follows an id that ends in FF, and ends in 00', `${HEAD.slice(0, -2)}7300`],
  ['ends in 00 FF', `${HEAD.slice(0, -2)}00ff`],
  ['ends in FF FF', `${HEAD.slice(0, -2)}ffff`],
  ['FF but for a last FE', `${'ff'.repeat(ID_BYTES - 1)}fe`],
  ['all FF: its upper bound is the bucket’s', 'ff'.repeat(ID_BYTES)],
];

/** Elements that meet the escapes, the separator and the ends of the alphabet. */
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
 * All entries of a fixture sync, in key order: every bucket is filled. Of two versions some keys are the
 * same with another value, some are in one of them only, some are the same altogether.
 *
 * The keys are well-formed; the values are not messages, and the index entries belong to no record: what
 * moves entries must not look.
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

/** Keys that belong to no sync, as close to the syncs' bounds as keys can be: no replacement may touch one. */
export function strayEntries(): FixtureEntry[] {
  const keys: Uint8Array[] = [];
  for (const { prefix } of RESERVED_RANGES) {
    keys.push(prefix, Uint8Array.of(...prefix, 0), Uint8Array.of(...prefix, 0xff, 0xff));
  }
  for (const { syncIdBytes: id } of FIXTURE_SYNCS) {
    for (const { span } of syncSpans(id)) {
      // Just below the lower bound: the bound without its last byte, which is a prefix of it.
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

/** Writes the fixtures' base into an empty engine: every sync at version 1, and the strays. */
export async function writeFixtureBase(engine: ReadWriteEngine): Promise<void> {
  const entries = [
    ...FIXTURE_SYNCS.flatMap(({ syncIdBytes: id }) => fixtureEntries(id, 1)),
    ...strayEntries(),
  ];
  await putAll(engine, entries);
}

/** Writes syncs at some version into an engine: a source for a compaction. */
export async function writeFixtureSource(
  engine: ReadWriteEngine,
  syncs: readonly FixtureSync[],
  version = 2,
): Promise<void> {
  for (const { syncIdBytes: id } of syncs) await putAll(engine, fixtureEntries(id, version));
}

/** Replaces syncs by a version of theirs through `replaceSpans`: all of them in one commit. */
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

/** Element lists of a bucket: each awkward element in each place, the others ordinary. */
function elementsOf(bucket: Bucket): string[][] {
  const names = bucketLayout(bucket).elements;
  if (names.length === 0) return [[]];
  return AWKWARD_ELEMENTS.flatMap((awkward, at) =>
    names.map((name, place) =>
      names.map((_, other) => (other === place ? awkward : `${name}-${at}-${other}`)),
    ),
  );
}
