// Synthetic syncs of any number of grants, with the same bytes on every machine, and with newer revisions.
import {
  type ByteOperation,
  byteEncodings,
  type Engine,
  type EntryPages,
  type ReadWriteEngine,
  type ReplaceSpansResult,
} from '@sstitch/contract';
import { formatSyncId, syncSpansInKeyOrder } from '@sstitch/keys';
import type { SyncRecord } from '@sstitch/records';
import { checkWholeNumber, throwIfAborted } from '../errors.js';
import { RESOURCE_TYPES, SyntheticRecords, syncIdOf } from './make-records.js';
import { MAX_SEED, MAX_SYNC_INDEX, type SyntheticSyncOptions } from './shape.js';
import { shuffledEntries } from './shuffled-entries.js';
import { entitlements, type KeyValue, resources, sortedEntries } from './sorted-entries.js';

export type { SyntheticSyncOptions } from './shape.js';
export type { KeyValue } from './sorted-entries.js';

const DEFAULT_PAGE_ENTRIES = 2048;
const MAX_PAGE_ENTRIES = 1_000_000;

/** A synthetic sync. Its records are created as they are read. */
export interface SyntheticSync {
  /** The text form. */
  readonly syncId: string;
  /** Yields records in batches, for example for `SyncStore.putMany`; the run and the statistics come last. */
  records(): Generator<SyncRecord[], void, undefined>;
}

/** The order of a sync's entries. */
export type EntryOrder =
  /** In ascending key order, as `replaceSpans` requires. */
  | 'sorted'
  /** Record by record, each with its index entries, in an order unrelated to the keys. */
  | 'shuffled';

/** Options of `syntheticEntries`. */
export interface SyntheticEntriesOptions extends SyntheticSyncOptions {
  /**
   * The order of the entries; `replaceSpans` needs them sorted, a table loader takes them in any order.
   *
   * @defaultValue 'sorted'
   */
  readonly order?: EntryOrder;
  /** The most entries in a page. @defaultValue 2048 */
  readonly pageEntries?: number;
  /** Ends the iteration with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
}

/** Options of `writeSyntheticSync`. */
export interface WriteSyntheticSyncOptions extends SyntheticSyncOptions {
  /** Write in an order unrelated to the keys, as a connector does. @defaultValue false */
  readonly shuffle?: boolean;
  /** How many entries a batch has. @defaultValue 2048 */
  readonly batchEntries?: number;
  /** Ends the write between two batches with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
}

/** The result of a write. */
export interface WrittenSync {
  /** The sync, in text form. */
  readonly syncId: string;
  /** How many keys were written, index entries included. */
  readonly entries: number;
}

/**
 * The id of a synthetic sync. It depends only on the seed and the index.
 *
 * @throws TestkitError SSTITCH_OPTION_INVALID
 */
export function syntheticSyncId(
  options: Pick<SyntheticSyncOptions, 'seed' | 'syncIndex'> = {},
): string {
  const { seed = 1, syncIndex = 0 } = options;
  checkWholeNumber('seed', seed, 0, MAX_SEED);
  checkWholeNumber('syncIndex', syncIndex, 0, MAX_SYNC_INDEX);
  return formatSyncId(syncIdOf(seed, syncIndex));
}

/**
 * Creates a synthetic sync as records.
 *
 * @throws TestkitError SSTITCH_OPTION_INVALID
 */
export function syntheticSync(options: SyntheticSyncOptions): SyntheticSync {
  const records = new SyntheticRecords(options);
  return { syncId: records.syncId, records: () => batches(allRecords(records)) };
}

/**
 * Yields every entry of a synthetic sync, records and indexes, in pages.
 *
 * @throws TestkitError SSTITCH_OPTION_INVALID, SSTITCH_ABORTED
 */
export async function* syntheticEntries(
  options: SyntheticEntriesOptions,
): AsyncGenerator<KeyValue[], void, undefined> {
  const { order = 'sorted', pageEntries = DEFAULT_PAGE_ENTRIES, signal } = options;
  checkWholeNumber('pageEntries', pageEntries, 1, MAX_PAGE_ENTRIES);
  throwIfAborted(signal);
  const records = new SyntheticRecords(options);
  const entries = order === 'sorted' ? sortedEntries(records) : shuffledEntries(records);
  let page: KeyValue[] = [];
  for (const entry of entries) {
    page.push(entry);
    if (page.length < pageEntries) continue;
    throwIfAborted(signal);
    yield page;
    page = [];
  }
  throwIfAborted(signal);
  if (page.length > 0) yield page;
}

/**
 * Writes a synthetic sync in batches, as a connector fills a store. Entries under its id that the sync does not
 * overwrite stay.
 *
 * @throws TestkitError SSTITCH_OPTION_INVALID, SSTITCH_ABORTED; the errors of the engine
 */
export async function writeSyntheticSync(
  engine: ReadWriteEngine,
  options: WriteSyntheticSyncOptions,
): Promise<WrittenSync> {
  const { shuffle = false, batchEntries = DEFAULT_PAGE_ENTRIES } = options;
  const order = shuffle ? 'shuffled' : 'sorted';
  let entries = 0;
  for await (const page of syntheticEntries({ ...options, order, pageEntries: batchEntries })) {
    const operations = page.map(([key, value]): ByteOperation => ({ type: 'put', key, value }));
    await engine.batch(operations, byteEncodings);
    entries += page.length;
  }
  return { syncId: syntheticSyncId(options), entries };
}

/**
 * Replaces everything under the sync's id by a synthetic sync, in one call of `replaceSpans`: faster than batches.
 *
 * @throws TestkitError SSTITCH_OPTION_INVALID; the errors of the engine
 */
export async function loadSyntheticSync(
  engine: Pick<Engine, 'replaceSpans'>,
  options: SyntheticSyncOptions & { readonly signal?: AbortSignal },
): Promise<WrittenSync & { readonly replaced: ReplaceSpansResult }> {
  const syncId = syntheticSyncId(options);
  const spans = syncSpansInKeyOrder(syncId).map(({ span }) => span);
  const pages: EntryPages = syntheticEntries(options);
  const { signal } = options;
  const replaced = await engine.replaceSpans(spans, pages, signal === undefined ? {} : { signal });
  return { syncId, entries: replaced.entries, replaced };
}

function* allRecords(records: SyntheticRecords): Generator<SyncRecord, void, undefined> {
  const { shape } = records;
  for (let index = 0; index < RESOURCE_TYPES.length; index++) {
    const type = records.resourceType(index);
    if (type !== undefined) yield type;
  }
  yield* resources(records);
  yield* entitlements(records);
  for (let slot = 0; slot < shape.grants; slot++) yield records.grant(shape.grantAt(slot));
  for (let index = 0; index < shape.assets; index++) {
    const asset = records.asset(index);
    if (asset !== undefined) yield asset;
  }
  yield records.run();
  yield records.stats();
}

function* batches(records: Iterable<SyncRecord>): Generator<SyncRecord[], void, undefined> {
  let batch: SyncRecord[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < DEFAULT_PAGE_ENTRIES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
