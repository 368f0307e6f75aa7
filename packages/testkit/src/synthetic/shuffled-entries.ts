// Yields every entry of a synthetic sync as a connector writes it, each record followed by its index entries,
// in an order unrelated to the keys.
import type { Bucket } from '@sstitch/keys';
import { recordEntries, type SyncRecord } from '@sstitch/records';
import { EntryEncoder } from './entry-encoder.js';
import { RESOURCE_TYPES, type SyntheticRecords } from './make-records.js';
import type { KeyValue } from './sorted-entries.js';

const EMPTY = new Uint8Array(0);
const GOLDEN_RATIO = 0.6180339887498949;

export function* shuffledEntries(records: SyntheticRecords): Generator<KeyValue, void, undefined> {
  const { shape, syncId } = records;
  const others = otherRecords(records);
  const count = shape.grants + others.count;
  const encoder = new EntryEncoder(records.syncIdBytes, syncId);
  for (const item of permutation(count, shape.seed)) {
    if (item < shape.grants) {
      yield* grantEntries(records, encoder, item);
      continue;
    }
    const record = others.at(item - shape.grants);
    if (record === undefined) continue;
    for (const { key, value } of recordEntries(syncId, [record])) yield [key, value];
  }
}

function* grantEntries(
  records: SyntheticRecords,
  encoder: EntryEncoder,
  slot: number,
): Generator<KeyValue, void, undefined> {
  const facts = records.grantFacts(records.shape.grantAt(slot));
  const { externalId, entitlement } = facts;
  const { type, id } = facts.principal;
  const { entitlementId } = entitlement;
  const index = (bucket: Bucket, elements: string): KeyValue => [
    encoder.key(bucket, elements),
    EMPTY,
  ];
  yield [encoder.key('grant', `\0${externalId}`), encoder.grant(facts)];
  yield index('grant_by_entitlement', `\0${entitlementId}\0${type}\0${id}\0${externalId}`);
  yield index('grant_by_principal', `\0${type}\0${id}\0${externalId}`);
  yield index('grant_by_principal_resource_type', `\0${type}\0${externalId}`);
  if (facts.needsExpansion) yield index('grant_by_needs_expansion', `\0${externalId}`);
}

/** All records but the grants, by number; some numbers have no record at some revisions. */
function otherRecords(records: SyntheticRecords): {
  readonly count: number;
  at(index: number): SyncRecord | undefined;
} {
  const { groups, projects, roles, users, entitlements, assets } = records.shape;
  const kinds: [count: number, make: (index: number) => SyncRecord | undefined][] = [
    [RESOURCE_TYPES.length, (index) => records.resourceType(index)],
    [groups, (index) => records.group(index)],
    [projects, (index) => records.project(index)],
    [projects, (index) => records.archivedProject(index)],
    [roles, (index) => records.role(index)],
    [users, (index) => records.user(index)],
    [entitlements, (index) => records.entitlement(index)],
    [roles, (index) => records.legacyEntitlement(index)],
    [assets, (index) => records.asset(index)],
    [1, () => records.run()],
    [1, () => records.stats()],
  ];
  return {
    count: kinds.reduce((sum, [count]) => sum + count, 0),
    at: (index) => {
      let rest = index;
      for (const [count, make] of kinds) {
        if (rest < count) return make(rest);
        rest -= count;
      }
      return undefined;
    },
  };
}

/** Yields each number below `count` once: the multiples of a step that is coprime to it. */
function* permutation(count: number, seed: number): Generator<number, void, undefined> {
  let step = Math.max(1, Math.floor(count * GOLDEN_RATIO));
  while (greatestCommonDivisor(step, count) !== 1) step += 1;
  let item = seed % count;
  for (let made = 0; made < count; made++) {
    yield item;
    item = (item + step) % count;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
