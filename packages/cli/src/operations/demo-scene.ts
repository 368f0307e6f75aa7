// The demo: a base with three syncs, a source with a newer version of one, a compaction, and checks of its
// result, all in a directory that is removed at the end, however the demo ends.

import { join } from 'node:path';
import { byteEncodings } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import { digestSync, type SyncDigest } from '@sstitch/records';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import { loadSyntheticSync } from '@sstitch/testkit';
import { type ByteStore, withReader, withStore } from '../stores/open-store.js';
import { compactionDocument, compactStores } from './compact-stores.js';
import type { CompactionDocument } from './compaction-document.js';
import { type BucketDifference, diffBuckets } from './diff-syncs.js';
import { type VerifyReport, verifyStore } from './verify-store.js';

const SYNCS = 3;
const SEED = 1;
/** The sync in the middle, so that other syncs lie on both sides of it in every bucket. */
const REPLACED = 1;

/** A step of the demo, reported when it is done. */
export type DemoEvent =
  | { readonly type: 'base'; readonly keys: number; readonly durationMs: number }
  | { readonly type: 'source'; readonly keys: number; readonly durationMs: number }
  | { readonly type: 'planned'; readonly buckets: readonly BucketDifference[] }
  | { readonly type: 'compacted'; readonly compaction: CompactionDocument };

/** The outcome of one check. */
export interface DemoCheck {
  readonly name: string;
  readonly ok: boolean;
}

export interface DemoReport {
  readonly ok: boolean;
  readonly replacedSync: string;
  readonly compaction: CompactionDocument;
  readonly buckets: readonly BucketDifference[];
  readonly verify: Pick<VerifyReport, 'ok' | 'tables' | 'keys'>;
  readonly checks: readonly DemoCheck[];
}

export interface DemoOptions {
  /** Where the demo creates its directory. @defaultValue the temporary directory */
  readonly directory?: string;
  readonly grants: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: DemoEvent) => Promise<void>;
}

/** Runs the demo. */
export async function playDemo(options: DemoOptions): Promise<DemoReport> {
  const directory = await makeTemporaryDirectory('sstitch-demo-', options.directory);
  try {
    return await playIn(directory, options);
  } finally {
    await removeTemporary(directory);
  }
}

async function playIn(
  directory: string,
  { grants, signal, onEvent }: DemoOptions,
): Promise<DemoReport> {
  const baseDirectory = join(directory, 'base');
  const sourceDirectory = join(directory, 'source');
  const indexes = Array.from({ length: SYNCS }, (_, syncIndex) => syncIndex);
  const baseLoad = { grants, indexes, revision: 1, signal };
  const sourceLoad = { grants, indexes: [REPLACED], revision: 2, signal };

  const base = await timed(() =>
    withStore(baseDirectory, 'create', (store) => load(store, baseLoad)),
  );
  await onEvent({ type: 'base', keys: base.value.keys, durationMs: base.durationMs });
  const source = await timed(() =>
    withStore(sourceDirectory, 'create', (store) => load(store, sourceLoad)),
  );
  await onEvent({ type: 'source', keys: source.value.keys, durationMs: source.durationMs });

  const [replacedSync] = source.value.syncIds;
  if (replacedSync === undefined) throw new Error('the source has no sync');
  const { fresh, buckets } = await withReader(sourceDirectory, async (after) => ({
    fresh: await digestSync(after, replacedSync, { signal }),
    buckets: await withReader(baseDirectory, (before) =>
      diffBuckets(before, after, replacedSync, { signal }),
    ),
  }));
  await onEvent({ type: 'planned', buckets });

  const { compaction, before, after, reader } = await withStore(baseDirectory, 'refuse', (store) =>
    compactAndWatch(store, sourceDirectory, base.value.syncIds, replacedSync, signal),
  );
  await onEvent({ type: 'compacted', compaction });

  const verify = await verifyStore(baseDirectory, { signal });
  const digestOf = (digests: readonly SyncDigest[], syncId: string) =>
    digests.find((digest) => digest.syncId === syncId)?.digest;
  const checks: DemoCheck[] = [
    {
      name: `sync ${replacedSync} equals the source, to the byte`,
      ok: digestOf(after, replacedSync) === fresh.digest,
    },
    {
      name: 'its digest changed',
      ok: digestOf(before, replacedSync) !== digestOf(after, replacedSync),
    },
    ...base.value.syncIds
      .filter((syncId) => syncId !== replacedSync)
      .map((syncId) => ({
        name: `sync ${syncId} did not change`,
        ok: digestOf(before, syncId) === digestOf(after, syncId),
      })),
    { name: 'a reader opened before the commit saw the old state to its end', ok: reader },
    { name: 'tables, keys and indexes verify', ok: verify.ok },
  ];
  return {
    ok: checks.every(({ ok }) => ok),
    replacedSync,
    compaction,
    buckets,
    verify: { ok: verify.ok, tables: verify.tables, keys: verify.keys },
    checks,
  };
}

/** Compacts while a reader has an iterator open, and computes every sync's digest before and after. */
async function compactAndWatch(
  store: ByteStore,
  sourceDirectory: string,
  syncIds: readonly string[],
  replacedSync: string,
  signal: AbortSignal,
) {
  const digestAll = async () => {
    const digests: SyncDigest[] = [];
    for (const syncId of syncIds) digests.push(await digestSync(store, syncId, { signal }));
    return digests;
  };
  const before = await digestAll();
  const grants = before
    .find(({ syncId }) => syncId === replacedSync)
    ?.buckets.find(({ bucket }) => bucket === 'grant');
  const span = bucketSpan('grant', replacedSync);
  const open = store.iterator({
    ...byteEncodings,
    gte: span.start,
    ...(span.end === undefined ? {} : { lt: span.end }),
  });
  let seen = (await open.nextv(1)).length;
  const compaction = await withStore(sourceDirectory, 'refuse', async (source) =>
    compactionDocument(
      await compactStores({
        base: store,
        source,
        syncIds: [replacedSync],
        emptySource: 'refuse',
        signal,
      }),
    ),
  );
  for (;;) {
    const page = await open.nextv(1000);
    if (page.length === 0) break;
    seen += page.length;
  }
  await open.close();
  return { compaction, before, after: await digestAll(), reader: seen === grants?.keys };
}

interface LoadOptions {
  readonly grants: number;
  readonly indexes: readonly number[];
  readonly revision: number;
  readonly signal: AbortSignal;
}

async function load(
  store: ByteStore,
  { grants, indexes, revision, signal }: LoadOptions,
): Promise<{ readonly syncIds: readonly string[]; readonly keys: number }> {
  const syncIds: string[] = [];
  let keys = 0;
  for (const syncIndex of indexes) {
    const options = { seed: SEED, syncIndex, revision, grants, signal };
    const made = await loadSyntheticSync(store, options);
    syncIds.push(made.syncId);
    keys += made.entries;
  }
  return { syncIds, keys };
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly durationMs: number }> {
  const started = performance.now();
  const value = await work();
  return { value, durationMs: performance.now() - started };
}
