// Reads a sync's entries as those of a sync with another id.
//
// A key is the bucket's prefix, the sync id, and the record's own elements. Another id does not change the order in a
// bucket, so a copy streams in key order. Index entries are copied, not rebuilt. Statistics, if the sync has them, are
// last in key order, and count the copied records.
import {
  type Bucket,
  bucketSpan,
  buildKeyPrefix,
  parseSyncId,
  syncRunKey,
  syncStatsKey,
} from '@sstitch/keys';
import {
  type CountedBucket,
  decodeRecord,
  encodeRecord,
  isValueBucket,
  SyncCounter,
  SyncIdField,
  type ValueBucket,
} from '@sstitch/records';
import { type Entry, entryPages, type ReadView } from '../entries/entry-pages.js';
import { throwIfAborted } from '../errors.js';
import type { OnPage } from '../progress.js';
import type { SyncContents } from './sync-contents.js';

/** Options of a copy. */
export interface SyncCopyOptions {
  /** Makes the copy's run from the sync's; undefined means no run. @defaultValue the same run with the new id */
  readonly runOf?: ((run: Uint8Array | undefined) => Uint8Array | undefined) | undefined;
  /** Called with each page of records and index entries. */
  readonly onPage?: OnPage | undefined;
}

/** The contents of a sync under another id, or under the same one. */
export class SyncCopy implements SyncContents {
  readonly #view: ReadView;
  readonly #syncId: string;
  readonly #as: string;
  readonly #options: SyncCopyOptions;
  readonly #counter = new SyncCounter();
  readonly #field: SyncIdField;

  constructor(view: ReadView, syncId: string, as: string, options: SyncCopyOptions = {}) {
    this.#view = view;
    this.#syncId = syncId;
    this.#as = as;
    this.#options = options;
    this.#field = new SyncIdField(as);
  }

  async *pages(bucket: Bucket): AsyncGenerator<readonly Entry[], void, undefined> {
    if (bucket === 'sync_run') return yield* this.#run();
    if (bucket === 'sync_stats') return yield* this.#statistics();
    const prefix = buildKeyPrefix(bucket, parseSyncId(this.#as), []);
    for await (const page of entryPages(this.#view, [bucketSpan(bucket, this.#syncId)])) {
      throwIfAborted(this.#view.signal);
      if (isValueBucket(bucket)) {
        yield page.map(([key, value]) => [moved(key, prefix), this.#record(bucket, key, value)]);
      } else {
        yield page.map(([key, value]) => [moved(key, prefix), value]);
      }
      this.#options.onPage?.(bucket, page.length);
    }
  }

  #record(bucket: ValueBucket, key: Uint8Array, value: Uint8Array): Uint8Array {
    this.#counter.addEntry(bucket as CountedBucket, key, value);
    return this.#as === this.#syncId ? value : withField(this.#field, bucket, key, value);
  }

  async *#run(): AsyncGenerator<readonly Entry[], void, undefined> {
    const key = syncRunKey(parseSyncId(this.#as));
    const value = await this.#valueOf('sync_run');
    const { runOf = (run: Uint8Array | undefined) => run } = this.#options;
    const run = runOf(value);
    if (run !== undefined) yield [[key, withField(this.#field, 'sync_run', key, run)]];
  }

  async *#statistics(): AsyncGenerator<readonly Entry[], void, undefined> {
    const value = await this.#valueOf('sync_stats');
    if (value === undefined) return;
    const key = syncStatsKey(parseSyncId(this.#as));
    const given = decodeRecord('sync_stats', key, value);
    const counted = this.#counter.toRecord(this.#as);
    const stats = {
      ...given,
      syncId: this.#as,
      resourceTypes: counted.resourceTypes,
      resources: counted.resources,
      entitlements: counted.entitlements,
      grants: counted.grants,
      assets: counted.assets,
      resourcesByResourceType: counted.resourcesByResourceType,
      grantsByEntitlementResourceType: counted.grantsByEntitlementResourceType,
      entitlementsByResourceType: counted.entitlementsByResourceType,
    };
    yield [[key, encodeRecord(stats)]];
  }

  /** Reads the value of a bucket that has one entry per sync. */
  async #valueOf(bucket: 'sync_run' | 'sync_stats'): Promise<Uint8Array | undefined> {
    const span = bucketSpan(bucket, this.#syncId);
    for await (const page of entryPages(this.#view, [span])) return page[0]?.[1];
    return undefined;
  }
}

/** Moves a key to another sync; `prefix` is the beginning of that sync's keys in the bucket. */
function moved(key: Uint8Array, prefix: Uint8Array): Uint8Array {
  const result = new Uint8Array(key.length);
  result.set(key);
  result.set(prefix);
  return result;
}

/** @throws RecordsError SSTITCH_RECORD_UNDECODABLE if the value is not a message */
function withField(
  field: SyncIdField,
  bucket: ValueBucket,
  key: Uint8Array,
  value: Uint8Array,
): Uint8Array {
  try {
    return field.put(value);
  } catch (error) {
    // This error names the record.
    decodeRecord(bucket, key, value);
    throw error;
  }
}
