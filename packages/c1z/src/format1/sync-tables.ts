// The tables of a format 1 database, with the columns that are read. `data` is a c1.connector.v2 message; times
// are text. The other columns repeat fields of the message, or supply fields that it omits.
//
// v1_sync_runs       sync_id, started_at, ended_at, sync_token, sync_type, parent_sync_id, linked_sync_id,
//                    supports_diff, ingest_invariant_generation, ingest_invariant_coverage (a JSON array),
//                    ingest_invariant_mode
// v1_resource_types  external_id, data, sync_id, discovered_at
// v1_resources       resource_type_id, external_id ("type:id"), parent_resource_type_id,
//                    parent_resource_id, data, sync_id, discovered_at
// v1_entitlements    resource_type_id, resource_id, external_id, data, sync_id, discovered_at
// v1_grants          resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
//                    principal_resource_id, external_id, data, sync_id, discovered_at, expansion,
//                    needs_expansion
// v1_assets          external_id, content_type, data, sync_id, discovered_at
//
// baton-sdk creates missing tables, but a file without v1_sync_runs is not a sync file. Its versions added
// columns to two tables: to v1_sync_runs (is_partial, replaced by sync_type; parent_sync_id, linked_sync_id,
// supports_diff, those of invariants) and to v1_grants (expansion, needs_expansion). Its first public version
// had all others.
//
// sstitch_records (id, record) is a table of this package (kept-records.ts).

/** The kind of a column. A flag is a number: zero or not. */
export type ColumnKind = 'text' | 'blob' | 'flag';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** May be null. */
  readonly nullable?: true;
  /** Files of other versions lack the column; it then reads as null. */
  readonly optional?: true;
  /** The column repeats or supplies a name of the row's message; it may be left unread. */
  readonly isName?: true;
}

export type SyncTableName =
  | 'v1_sync_runs'
  | 'v1_resource_types'
  | 'v1_resources'
  | 'v1_entitlements'
  | 'v1_grants'
  | 'v1_assets';

const DATA: Column = { name: 'data', kind: 'blob' };
const DISCOVERED_AT: Column = { name: 'discovered_at', kind: 'text' };

function naming(name: string): Column {
  return { name, kind: 'text', nullable: true, optional: true, isName: true };
}

/** The columns to read of each table, besides `sync_id`, which selects the rows. */
export const SYNC_TABLES: Readonly<Record<SyncTableName, readonly Column[]>> = {
  v1_sync_runs: [
    { name: 'started_at', kind: 'text' },
    { name: 'ended_at', kind: 'text', nullable: true },
    { name: 'sync_token', kind: 'text' },
    // The oldest files mark a partial sync with a flag instead of a type.
    { name: 'sync_type', kind: 'text', nullable: true, optional: true },
    { name: 'is_partial', kind: 'flag', nullable: true, optional: true },
    { name: 'parent_sync_id', kind: 'text', nullable: true, optional: true },
    { name: 'linked_sync_id', kind: 'text', nullable: true, optional: true },
    { name: 'supports_diff', kind: 'flag', nullable: true, optional: true },
    { name: 'ingest_invariant_generation', kind: 'text', nullable: true, optional: true },
    { name: 'ingest_invariant_coverage', kind: 'text', nullable: true, optional: true },
    { name: 'ingest_invariant_mode', kind: 'text', nullable: true, optional: true },
  ],
  v1_resource_types: [naming('external_id'), DATA, DISCOVERED_AT],
  v1_resources: [
    naming('resource_type_id'),
    naming('external_id'),
    naming('parent_resource_type_id'),
    naming('parent_resource_id'),
    DATA,
    DISCOVERED_AT,
  ],
  v1_entitlements: [
    naming('resource_type_id'),
    naming('resource_id'),
    naming('external_id'),
    DATA,
    DISCOVERED_AT,
  ],
  v1_grants: [
    naming('resource_type_id'),
    naming('resource_id'),
    naming('entitlement_id'),
    naming('principal_resource_type_id'),
    naming('principal_resource_id'),
    naming('external_id'),
    DATA,
    DISCOVERED_AT,
    { name: 'expansion', kind: 'blob', nullable: true, optional: true },
    { name: 'needs_expansion', kind: 'flag', nullable: true, optional: true },
  ],
  v1_assets: [
    { name: 'external_id', kind: 'text' },
    { name: 'content_type', kind: 'text' },
    DATA,
    DISCOVERED_AT,
  ],
};

export const SYNC_TABLE_NAMES = Object.keys(SYNC_TABLES) as readonly SyncTableName[];

export interface SyncRunRow {
  readonly sync_id: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly sync_token: string;
  readonly sync_type: string | null;
  readonly is_partial: boolean | null;
  readonly parent_sync_id: string | null;
  readonly linked_sync_id: string | null;
  readonly supports_diff: boolean | null;
  readonly ingest_invariant_generation: string | null;
  readonly ingest_invariant_coverage: string | null;
  readonly ingest_invariant_mode: string | null;
}

/** A name; undefined if it was not read. */
export type Name = string | null | undefined;

/** The columns of every row of a sync. */
interface SyncRow {
  readonly data: Uint8Array;
  readonly discovered_at: string;
}

export interface ResourceTypeRow extends SyncRow {
  readonly external_id: Name;
}

export interface ResourceRow extends SyncRow {
  readonly resource_type_id: Name;
  readonly external_id: Name;
  readonly parent_resource_type_id: Name;
  readonly parent_resource_id: Name;
}

export interface EntitlementRow extends SyncRow {
  readonly resource_type_id: Name;
  readonly resource_id: Name;
  readonly external_id: Name;
}

export interface GrantRow extends SyncRow {
  readonly resource_type_id: Name;
  readonly resource_id: Name;
  readonly entitlement_id: Name;
  readonly principal_resource_type_id: Name;
  readonly principal_resource_id: Name;
  readonly external_id: Name;
  readonly expansion: Uint8Array | null;
  readonly needs_expansion: boolean | null;
}

export interface AssetRow extends SyncRow {
  readonly external_id: string;
  readonly content_type: string;
}

/** The checked row of each table of a sync. */
export interface RowByTable {
  v1_resource_types: ResourceTypeRow;
  v1_resources: ResourceRow;
  v1_entitlements: EntitlementRow;
  v1_grants: GrantRow;
  v1_assets: AssetRow;
}

export type RecordTableName = keyof RowByTable;

/** A row id of 64 bits; SQLite returns those above 2^53 as bigint. */
export type RowId = number | bigint;

/** Rows of one table and sync in the order of their row ids. */
export interface RowBatch {
  readonly rows: readonly Record<string, unknown>[];
  /** The row id of each row, for messages. */
  readonly rowIds: readonly RowId[];
  /** Whether no row follows. */
  readonly isLast: boolean;
}
