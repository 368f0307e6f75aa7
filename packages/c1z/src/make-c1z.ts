// Creates .c1z files of format 1 for tests of this package and of packages that read such files. The zstd
// stream holds raw blocks, which every decoder reads and which need no compressor.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import sqlite, { type Database, type JSValue } from 'node-sqlite3-wasm';
import { frameHead, MAX_BLOCK_BYTES, rawBlock } from './envelope/zstd-frame.js';
import {
  EntitlementSchema,
  GrantExpandableSchema,
  GrantSchema,
  ResourceSchema,
  ResourceTypeSchema,
} from './gen/c1/connector/v2/connector_pb.js';
import { FORMAT_1_MAGIC } from './magic.js';

/** A row of v1_grants. */
export interface GrantToWrite {
  /** The connector's message, which the row's `data` encodes. */
  readonly message: MessageInitShape<typeof GrantSchema>;
  /** The value of the column `expansion`; only with `newerColumns`. */
  readonly expansion?: MessageInitShape<typeof GrantExpandableSchema>;
  /**
   * The value of the column `needs_expansion`; only with `newerColumns`.
   *
   * @defaultValue true if there is an expansion
   */
  readonly needsExpansion?: boolean;
}

/** A row of v1_assets. */
export interface AssetToWrite {
  /** The id of the asset, unique in its sync. */
  readonly externalId: string;
  /** The media type of the data, such as `image/png`. */
  readonly contentType: string;
  /** The content of the asset. */
  readonly data: Uint8Array;
}

/** A sync with its rows as the connector's messages. */
export interface SyncToWrite {
  /** The text form of the sync id, 27 characters. */
  readonly syncId: string;
  /** The value of `sync_type`: 'full', 'partial' or another text. @defaultValue 'full' */
  readonly type?: string;
  /** The text of `started_at`. @defaultValue '2025-01-02 03:04:05.678901' */
  readonly startedAt?: string;
  /** Null for a sync that has not ended. @defaultValue '2025-01-02 03:05:06.789012' */
  readonly endedAt?: string | null;
  /** The connector's state of the sync. @defaultValue the empty text */
  readonly syncToken?: string;
  /** The sync that this one builds on. @defaultValue the empty text */
  readonly parentSyncId?: string;
  /** The value of the column `supports_diff`; only with `newerColumns`. */
  readonly supportsDiff?: boolean;
  /** The text of every row's discovered_at. @defaultValue '2025-01-02 03:04:06.000001' */
  readonly discoveredAt?: string;
  /** Rows of v1_resource_types. @defaultValue none */
  readonly resourceTypes?: Iterable<MessageInitShape<typeof ResourceTypeSchema>>;
  /** Rows of v1_resources. @defaultValue none */
  readonly resources?: Iterable<MessageInitShape<typeof ResourceSchema>>;
  /** Rows of v1_entitlements. @defaultValue none */
  readonly entitlements?: Iterable<MessageInitShape<typeof EntitlementSchema>>;
  /** Rows of v1_grants. @defaultValue none */
  readonly grants?: Iterable<GrantToWrite>;
  /** Rows of v1_assets. @defaultValue none */
  readonly assets?: Iterable<AssetToWrite>;
}

/** The contents of a .c1z file to make. */
export interface C1zContents {
  /** The syncs of the file. */
  readonly syncs: Iterable<SyncToWrite>;
  /** Whether to add the columns of newer files: expansion, needs_expansion, supports_diff. @defaultValue false */
  readonly newerColumns?: boolean;
  /** SQL to run at the end, for deliberately invalid files. */
  readonly finallyRun?: readonly string[];
}

/** Writes a .c1z file, replacing an existing one. */
export async function makeC1z(path: string, contents: C1zContents): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-make-c1z-'));
  try {
    const databasePath = join(directory, 'sync.db');
    makeDatabase(databasePath, contents);
    wrapDatabase(databasePath, path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The annotation that marks a grant of an older file for expansion. */
export function expandableAnnotation(init: MessageInitShape<typeof GrantExpandableSchema>): Any {
  return anyPack(GrantExpandableSchema, create(GrantExpandableSchema, init));
}

/** Writes the SQLite database of a .c1z file. */
export function makeDatabase(databasePath: string, contents: C1zContents): void {
  const database = new sqlite.Database(databasePath);
  try {
    database.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF');
    database.exec(schema(contents.newerColumns === true));
    database.exec('BEGIN');
    for (const sync of contents.syncs)
      writeSyncRows(database, sync, contents.newerColumns === true);
    database.exec('COMMIT');
    for (const sql of contents.finallyRun ?? []) database.exec(sql);
  } finally {
    database.close();
  }
}

/** Writes the bytes of any file as the payload of a .c1z file. */
export function wrapDatabase(databasePath: string, path: string): void {
  const source = openSync(databasePath, 'r');
  const target = openSync(path, 'w');
  try {
    writeSync(target, FORMAT_1_MAGIC);
    writeSync(target, frameHead());
    const content = new Uint8Array(MAX_BLOCK_BYTES);
    for (;;) {
      const length = readSync(source, content, 0, content.length, null);
      // An empty last block ends the frame, so that the size need not be known in advance.
      writeSync(target, rawBlock(content.subarray(0, length), length === 0));
      if (length === 0) return;
    }
  } finally {
    closeSync(target);
    closeSync(source);
  }
}

function schema(newerColumns: boolean): string {
  const row = 'data blob not null, sync_id text not null, discovered_at datetime not null';
  const grantColumns = newerColumns
    ? 'expansion blob, needs_expansion integer not null default 0, '
    : '';
  const runColumns = newerColumns ? ', supports_diff integer not null default 0' : '';
  return `
    CREATE TABLE v1_resource_types (id integer primary key, external_id text not null, ${row});
    CREATE TABLE v1_resources (id integer primary key, resource_type_id text not null,
      external_id text not null, parent_resource_type_id text, parent_resource_id text, ${row});
    CREATE TABLE v1_entitlements (id integer primary key, resource_type_id text not null,
      resource_id text not null, external_id text not null, ${row});
    CREATE TABLE v1_grants (id integer primary key, resource_type_id text not null,
      resource_id text not null, entitlement_id text not null,
      principal_resource_type_id text not null, principal_resource_id text not null,
      external_id text not null, ${grantColumns}${row});
    CREATE UNIQUE INDEX idx_grants_external_sync_v1 on v1_grants (external_id, sync_id);
    CREATE TABLE v1_assets (id integer primary key, external_id text not null,
      content_type text not null, ${row});
    CREATE TABLE v1_sync_runs (id integer primary key, sync_id text not null,
      started_at datetime not null, ended_at datetime, sync_token text not null,
      sync_type text not null default 'full', parent_sync_id text not null default ''${runColumns});
  `;
}

function writeSyncRows(database: Database, sync: SyncToWrite, newerColumns: boolean): void {
  const { syncId, discoveredAt = '2025-01-02 03:04:06.000001' } = sync;
  insert(database, 'v1_sync_runs', [
    {
      sync_id: syncId,
      started_at: sync.startedAt ?? '2025-01-02 03:04:05.678901',
      ended_at: sync.endedAt === undefined ? '2025-01-02 03:05:06.789012' : sync.endedAt,
      sync_token: sync.syncToken ?? '',
      sync_type: sync.type ?? 'full',
      parent_sync_id: sync.parentSyncId ?? '',
      ...(newerColumns ? { supports_diff: sync.supportsDiff ?? false } : {}),
    },
  ]);
  const common = { sync_id: syncId, discovered_at: discoveredAt };
  insert(database, 'v1_resource_types', resourceTypeRows(sync, common));
  insert(database, 'v1_resources', resourceRows(sync, common));
  insert(database, 'v1_entitlements', entitlementRows(sync, common));
  insert(database, 'v1_grants', grantRows(sync, common, newerColumns));
  insert(database, 'v1_assets', assetRows(sync, common));
}

type Row = Record<string, JSValue>;

function* resourceTypeRows(sync: SyncToWrite, common: Row): Generator<Row> {
  for (const init of sync.resourceTypes ?? []) {
    const message = create(ResourceTypeSchema, init);
    yield { external_id: message.id, data: toBinary(ResourceTypeSchema, message), ...common };
  }
}

function* resourceRows(sync: SyncToWrite, common: Row): Generator<Row> {
  for (const init of sync.resources ?? []) {
    const message = create(ResourceSchema, init);
    const { id, parentResourceId: parent } = message;
    yield {
      resource_type_id: id?.resourceType ?? '',
      external_id: `${id?.resourceType}:${id?.resource}`,
      parent_resource_type_id: parent?.resourceType ?? null,
      parent_resource_id: parent?.resource ?? null,
      data: toBinary(ResourceSchema, message),
      ...common,
    };
  }
}

function* entitlementRows(sync: SyncToWrite, common: Row): Generator<Row> {
  for (const init of sync.entitlements ?? []) {
    const message = create(EntitlementSchema, init);
    yield {
      resource_type_id: message.resource?.id?.resourceType ?? '',
      resource_id: message.resource?.id?.resource ?? '',
      external_id: message.id,
      data: toBinary(EntitlementSchema, message),
      ...common,
    };
  }
}

function* grantRows(sync: SyncToWrite, common: Row, newerColumns: boolean): Generator<Row> {
  for (const { message: init, expansion, needsExpansion } of sync.grants ?? []) {
    const message = create(GrantSchema, init);
    const { entitlement, principal } = message;
    const columns = {
      expansion:
        expansion === undefined
          ? null
          : toBinary(GrantExpandableSchema, create(GrantExpandableSchema, expansion)),
      needs_expansion: needsExpansion ?? expansion !== undefined,
    };
    yield {
      resource_type_id: entitlement?.resource?.id?.resourceType ?? '',
      resource_id: entitlement?.resource?.id?.resource ?? '',
      entitlement_id: entitlement?.id ?? '',
      principal_resource_type_id: principal?.id?.resourceType ?? '',
      principal_resource_id: principal?.id?.resource ?? '',
      external_id: message.id,
      ...(newerColumns ? columns : {}),
      data: toBinary(GrantSchema, message),
      ...common,
    };
  }
}

function* assetRows(sync: SyncToWrite, common: Row): Generator<Row> {
  for (const { externalId, contentType, data } of sync.assets ?? []) {
    yield { external_id: externalId, content_type: contentType, data, ...common };
  }
}

function insert(database: Database, table: string, rows: Iterable<Row>): void {
  let statement: ReturnType<Database['prepare']> | undefined;
  for (const row of rows) {
    const names = Object.keys(row);
    statement ??= database.prepare(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    );
    statement.run(Object.values(row));
  }
  statement?.finalize();
}
