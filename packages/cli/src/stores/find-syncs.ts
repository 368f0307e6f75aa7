// Finds the syncs of a store and resolves references to them.
import { keyAfter, type ReadableEngine, type Span } from '@sstitch/contract';
import {
  BUCKETS,
  bucketSpan,
  formatSyncId,
  prefixSpan,
  SYNC_ID_LENGTH_BYTES,
  syncIdBytes,
} from '@sstitch/keys';
import { replacedVersionOf } from '@sstitch/operations';
import { dateOf, SyncReader } from '@sstitch/records';
import { chooseSyncs, needsLookup, type SyncChoice } from '../command-line/sync-reference.js';
import { CliError } from '../errors.js';
import { withReader } from './open-store.js';
import { scanSpan } from './scan-span.js';
import { spansOf } from './sync-spans.js';

/**
 * Returns the ids of all syncs that have at least one key, in ascending order. Reads one key for each sync and
 * bucket, so it costs a few seeks for each sync.
 */
export async function findSyncIds(
  engine: ReadableEngine,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await Promise.all(BUCKETS.map((each) => syncIdsUnder(engine, each, signal)));
  return [...new Set(found.flat())].sort();
}

/** Returns the ids of the syncs that have a key in a bucket. */
async function syncIdsUnder(
  engine: ReadableEngine,
  { bucket, prefix }: (typeof BUCKETS)[number],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  const { start, end } = prefixSpan(prefix);
  for (let next: Uint8Array | undefined = start; next !== undefined; ) {
    const key: Uint8Array | undefined = await firstKey(engine, { start: next, end }, signal);
    if (key === undefined) break;
    const idEnd = prefix.length + SYNC_ID_LENGTH_BYTES;
    if (key.length < idEnd) {
      // Not a key of the layout; `verify` reports it. The smallest key after it is one byte longer.
      next = keyAfter(key);
    } else {
      const sync = syncIdBytes(key.slice(prefix.length, idEnd));
      found.push(formatSyncId(sync));
      next = bucketSpan(bucket, sync).end;
    }
  }
  return found;
}

/** Whether a key lies in any of the spans. */
export async function hasKeys(
  engine: ReadableEngine,
  spans: readonly Span[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const span of spans) {
    if ((await firstKey(engine, span, signal)) !== undefined) return true;
  }
  return false;
}

/** Checks that a store holds the syncs. @throws CliError SSTITCH_SYNC_NOT_FOUND */
export async function requireSyncs(
  engine: ReadableEngine,
  location: string,
  syncIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const syncId of syncIds) {
    if (await hasKeys(engine, spansOf([syncId]), signal)) continue;
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${location} holds no sync ${syncId}`);
  }
}

/** Returns the syncs of a store with their times. */
export async function findSyncs(
  engine: ReadableEngine,
  signal: AbortSignal,
): Promise<readonly SyncChoice[]> {
  const records = new SyncReader(engine);
  const choices: SyncChoice[] = [];
  for (const syncId of await findSyncIds(engine, signal)) {
    const run = await records.getSyncRun(syncId);
    const version = run && replacedVersionOf(run);
    choices.push({
      syncId,
      startedAt: run?.startedAt && dateOf(run.startedAt),
      endedAt: run?.endedAt && dateOf(run.endedAt),
      ...(version !== undefined && { versionOf: version.syncId }),
    });
  }
  return choices;
}

/**
 * Resolves references to ids of syncs in an open store; see sync-reference.ts.
 *
 * @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE
 */
export async function syncIdsOf(
  engine: ReadableEngine,
  location: string,
  references: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const choices = references.some(needsLookup) ? await findSyncs(engine, signal) : [];
  return chooseSyncs(references, choices, location);
}

/**
 * Resolves references to ids of syncs in any of several stores. Opens the stores only if a reference is not a whole id.
 *
 * @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE; the errors of opening a store
 */
export async function syncIdsIn(
  locations: readonly string[],
  references: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const choices = new Map<string, SyncChoice>();
  if (references.some(needsLookup)) {
    for (const location of locations) {
      const found = await withReader(location, (reader) => findSyncs(reader, signal), { signal });
      for (const choice of found) choices.set(choice.syncId, choice);
    }
  }
  return chooseSyncs(references, [...choices.values()], locations.join(' or '));
}

async function firstKey(
  engine: ReadableEngine,
  span: Span,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  for await (const page of scanSpan(engine, span, { signal, values: false, limit: 1 })) {
    const key = page[0]?.[0];
    // A plain copy: the keys of pages are Buffers, whose parts are views.
    return key === undefined ? undefined : new Uint8Array(key);
  }
  return undefined;
}
