// The tables and indexes of a format 1 database as baton-sdk creates them, so that it has nothing to add when
// it opens one. Two indexes of v1_resources have each other's names, as in baton-sdk.

const ROW = 'data blob not null, sync_id text not null, discovered_at datetime not null';

/**
 * The tables and unique indexes, which are created before the rows, so that two records with one id are
 * detected at once.
 */
export const TABLES = `
  CREATE TABLE v1_resource_types (id integer primary key, external_id text not null, ${ROW});
  CREATE UNIQUE INDEX idx_resource_types_external_sync_v1 ON v1_resource_types (external_id, sync_id);

  CREATE TABLE v1_resources (id integer primary key, resource_type_id text not null, external_id text not null,
    parent_resource_type_id text, parent_resource_id text, ${ROW});
  CREATE UNIQUE INDEX idx_resources_parent_resource_id_v1 ON v1_resources (external_id, sync_id);

  CREATE TABLE v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null,
    external_id text not null, ${ROW});
  CREATE UNIQUE INDEX idx_entitlements_external_sync_v1 ON v1_entitlements (external_id, sync_id);

  CREATE TABLE v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null,
    entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null,
    external_id text not null, expansion blob, needs_expansion integer not null default 0, ${ROW});
  CREATE UNIQUE INDEX idx_grants_external_sync_v1 ON v1_grants (external_id, sync_id);

  CREATE TABLE v1_assets (id integer primary key, external_id text not null, content_type text not null, ${ROW});
  CREATE UNIQUE INDEX idx_assets_external_sync_v1 ON v1_assets (external_id, sync_id);

  CREATE TABLE v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null,
    ended_at datetime, sync_token text not null, sync_type text not null default 'full',
    parent_sync_id text not null default '', linked_sync_id text not null default '',
    supports_diff integer not null default 0, grants_backfilled integer not null default 0, stats text,
    ingest_invariant_generation text not null default '', ingest_invariant_coverage text not null default '',
    ingest_invariant_mode text not null default '');
  CREATE UNIQUE INDEX idx_sync_runs_sync_id_v1 ON v1_sync_runs (sync_id);

  CREATE TABLE sstitch_records (id integer primary key, record blob not null);
`;

/** The other indexes, which are created after the rows, because that is faster. */
export const INDEXES: readonly string[] = [
  'CREATE INDEX idx_resources_resource_type_id_v1 ON v1_resources (resource_type_id)',
  'CREATE INDEX idx_resources_external_sync_v1 ON v1_resources (parent_resource_type_id, parent_resource_id)',
  'CREATE INDEX idx_entitlements_resource_id_v1 ON v1_entitlements (resource_type_id, resource_id)',
  'CREATE INDEX idx_grants_resource_type_id_resource_id_v1 ON v1_grants (resource_type_id, resource_id)',
  'CREATE INDEX idx_grants_principal_id_v1 ON v1_grants (principal_resource_type_id, principal_resource_id)',
  'CREATE INDEX idx_grants_entitlement_id_principal_id_v1 ON v1_grants (entitlement_id, principal_resource_type_id, principal_resource_id)',
  'CREATE INDEX idx_grants_entitlement_sync_grant_v1 ON v1_grants (entitlement_id, sync_id, id)',
  'CREATE INDEX idx_grants_sync_expansion_v1 ON v1_grants (sync_id) WHERE expansion IS NOT NULL',
  'CREATE INDEX idx_grants_sync_needs_expansion_v1 ON v1_grants (sync_id) WHERE needs_expansion = 1',
];
