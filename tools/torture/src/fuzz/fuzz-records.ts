// Fuzzes keys and records with mutated bytes of a synthetic sync.
import { compareBytes } from '@sstitch/contract';
import { buildKey, classifyKey, KeysError, parseKey, parseSyncId } from '@sstitch/keys';
import {
  decodeRecord,
  encodeRecord,
  RecordsError,
  recordEntries,
  VALUE_BUCKETS,
  type ValueBucket,
} from '@sstitch/records';
import { syntheticSync } from '@sstitch/testkit';
import { below, mutateBytes, type Random } from './fuzz-inputs.js';

export interface SampleEntry {
  readonly bucket: ValueBucket;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly isRecord: boolean;
}

/** The entries of a small synthetic sync: records and index entries. */
export function sampleEntries(): readonly SampleEntry[] {
  const { syncId, records } = syntheticSync({ grants: 20 });
  const entries: SampleEntry[] = [];
  for (const batch of records()) {
    for (const record of batch) {
      for (const { key, value } of recordEntries(syncId, [record])) {
        const { bucket } = parseKey(key);
        const isRecord = (VALUE_BUCKETS as readonly string[]).includes(bucket);
        entries.push({ bucket: bucket as ValueBucket, key, value, isRecord });
      }
    }
  }
  return entries;
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[below(random, from.length)];
  if (picked === undefined) throw new Error('there is nothing to pick from');
  return picked;
}

/** Parses a key, which must be refused with a typed error or be rebuilt equal from its parts. */
export function fuzzKey(random: Random, entries: readonly SampleEntry[]): boolean {
  const key = mutateBytes(random, pick(random, entries).key);
  const classified = classifyKey(key);
  try {
    const { bucket, syncId, elements } = parseKey(key);
    const again = buildKey(bucket, parseSyncId(syncId), elements);
    if (compareBytes(again, key) !== 0)
      throw new Error(`another key: ${Buffer.from(key).toString('hex')}`);
    return true;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    if (classified.kind === 'sync') throw new Error('a key was classified and then refused');
    return false;
  }
}

/** Decodes a record, which must be refused with a typed error; so must its index entries, if they cannot be derived. */
export function fuzzRecord(random: Random, entries: readonly SampleEntry[]): boolean {
  const records = entries.filter(({ isRecord }) => isRecord);
  const { bucket: own, key, value } = pick(random, records);
  const bucket = below(random, 8) === 0 ? pick(random, VALUE_BUCKETS) : own;
  try {
    const record = decodeRecord(bucket, key, mutateBytes(random, value));
    encodeRecord(record);
    recordEntries(record.syncId, [record]);
    return true;
  } catch (error) {
    if (error instanceof RecordsError || error instanceof KeysError) return false;
    throw error;
  }
}
