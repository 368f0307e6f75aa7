// Answers which syncs the store holds, and describes one of them.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { syncSpans } from '@sstitch/keys';
import { replacedVersionOf } from '@sstitch/operations';
import { dateOf, type SyncRunRecord, type SyncStatsRecord, SyncType } from '@sstitch/records';
import { ExploreError } from '../errors.js';
import type { CountsShape, ResourceTypeShape, SyncDetailShape, SyncShape } from '../shapes.js';
import type { StoreView } from '../view/store-view.js';
import { shortName } from '../view/stored-names.js';
import { type AnyList, listOf, pageOf, type Question } from './question.js';

const COLUMNS = [
  ...['sync_id', 'type', 'started_at', 'ended_at', 'resource_types', 'resources'],
  ...['entitlements', 'grants', 'assets', 'bytes', 'version_of'],
];
/** The most resource types that a description lists. */
const MAX_RESOURCE_TYPES = 1000;

/** Lists the syncs, newest first. */
export async function listSyncs({ view, signal }: Question): Promise<AnyList> {
  const { snapshot, records } = view;
  const runs: SyncRunRecord[] = [];
  for await (const run of records.listNewestSyncRuns({ snapshot, signal })) runs.push(run);
  return listOf<SyncShape>({
    columns: COLUMNS,
    page: async (limit, cursor) => {
      const { items, next } = pageOf(runs, limit, cursor);
      // Counts and sizes are read for this page alone.
      return { items: await Promise.all(items.map((run) => shapeOf(view, run))), next };
    },
    row: rowOf,
  });
}

/** Describes a sync and its resource types. */
export async function describeSync(question: Question): Promise<SyncDetailShape> {
  const { view, parameters, signal } = question;
  const syncId = parameters.syncId();
  const { snapshot, records } = view;
  const sync = await findSync(view, syncId);
  const stats = await records.getSyncStats(syncId, { snapshot });
  const limit = MAX_RESOURCE_TYPES;
  const resourceTypes: ResourceTypeShape[] = [];
  for await (const type of records.listResourceTypes(syncId, { snapshot, signal, limit })) {
    const known = stats?.resourcesByResourceType ?? {};
    const counted = Object.hasOwn(known, type.externalId) ? known[type.externalId] : undefined;
    resourceTypes.push({
      id: type.externalId,
      name: shortName(type.displayName),
      traits: type.traits,
      resources: counted === undefined ? null : Number(counted),
    });
  }
  // Searches and questions of access come next. A failure shows when they do.
  view.namesOf(syncId);
  view.accessOf(syncId).catch(() => undefined);
  return { ...sync, resourceTypes };
}

/** Finds a sync. @throws {@link ExploreError} SSTITCH_NOT_FOUND */
export async function findSync(view: StoreView, syncId: string): Promise<SyncShape> {
  const run = await view.records.getSyncRun(syncId, { snapshot: view.snapshot });
  if (run !== undefined) return shapeOf(view, run);
  throw new ExploreError('SSTITCH_NOT_FOUND', `the store holds no sync ${syncId}`);
}

/** Formats a record's time as ISO 8601. */
export function timeText(time: Timestamp | undefined): string | null {
  return time === undefined ? null : dateOf(time).toISOString();
}

async function shapeOf(view: StoreView, run: SyncRunRecord): Promise<SyncShape> {
  const { syncId } = run;
  const stats = await view.records.getSyncStats(syncId, { snapshot: view.snapshot });
  return {
    syncId,
    type: (SyncType[run.type] ?? String(run.type)).toLowerCase(),
    startedAt: timeText(run.startedAt),
    endedAt: timeText(run.endedAt),
    counts: stats === undefined ? null : countsOf(stats),
    bytes: await bytesOf(view, syncId),
    versionOf: replacedVersionOf(run)?.syncId ?? null,
  };
}

async function bytesOf({ engine }: StoreView, syncId: string): Promise<number | null> {
  if (engine.approximateSize === undefined) return null;
  let bytes = 0;
  for (const { span } of syncSpans(syncId)) {
    if (span.end !== undefined) bytes += await engine.approximateSize(span.start, span.end);
  }
  return bytes;
}

function countsOf(stats: SyncStatsRecord): CountsShape {
  return {
    resourceTypes: Number(stats.resourceTypes),
    resources: Number(stats.resources),
    entitlements: Number(stats.entitlements),
    grants: Number(stats.grants),
    assets: Number(stats.assets),
  };
}

function rowOf({ counts, ...sync }: SyncShape): readonly string[] {
  return [
    sync.syncId,
    sync.type,
    sync.startedAt ?? '',
    sync.endedAt ?? '',
    ...(counts === null ? ['', '', '', '', ''] : Object.values(counts).map(String)),
    sync.bytes === null ? '' : String(sync.bytes),
    sync.versionOf ?? '',
  ];
}
