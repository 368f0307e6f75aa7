// The JSON shapes of answers, which server and page share. Times are ISO 8601 in UTC; sizes are bytes.

/** A resource, which may be a principal. */
export interface NamedResource {
  readonly type: string;
  readonly id: string;
  /** '' if it has none. */
  readonly name: string;
}

export interface NamedEntitlement {
  readonly id: string;
  readonly name: string;
  readonly resource: NamedResource | null;
}

/** A page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** The store, and the view that answers come from. */
export interface StoreShape {
  readonly name: string;
  readonly location: string;
  /** null for a store without files, such as one on a cluster; so is `currentGeneration`. */
  readonly generation: string | null;
  readonly openedAt: string;
  /** The current generation on disk. */
  readonly currentGeneration: string | null;
}

/** Records by type. */
export interface CountsShape {
  readonly resourceTypes: number;
  readonly resources: number;
  readonly entitlements: number;
  readonly grants: number;
  readonly assets: number;
}

export interface SyncShape {
  readonly syncId: string;
  /** In lower case, such as `full`. */
  readonly type: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** null if the sync has no statistics, because it has not ended. */
  readonly counts: CountsShape | null;
  /** The approximate size in tables; null if it is unknown. */
  readonly bytes: number | null;
  /** The sync of which this is a replaced version. */
  readonly versionOf: string | null;
}

/** A sync with its resource types. */
export interface SyncDetailShape extends SyncShape {
  readonly resourceTypes: readonly ResourceTypeShape[];
}

export interface ResourceTypeShape {
  readonly id: string;
  readonly name: string;
  readonly traits: readonly string[];
  /** null if the statistics lack it. */
  readonly resources: number | null;
}

export type FoundShape =
  | ({ readonly kind: 'resource' } & NamedResource)
  | ({ readonly kind: 'entitlement' } & NamedEntitlement);

/** The result of a search, first the names that begin with the text. */
/** The names of a sync, which are read in the background. */
export interface NamesShape {
  /** Names that have been read. */
  readonly searched: number;
  /** Whether names are still being read. */
  readonly isReading: boolean;
}

export interface SearchShape extends NamesShape {
  readonly items: readonly FoundShape[];
  /** Whether no name that is not read can change the result. */
  readonly isComplete: boolean;
}

/** A resource in a list. Profiles may be long, so lists leave them out. */
export interface ListedResourceShape extends NamedResource {
  readonly description: string;
  readonly parent: NamedResource | null;
  /** `enabled`, `disabled`, `deleted`, or '' if it is unknown. */
  readonly status: string;
  readonly discoveredAt: string | null;
}

export interface ResourceShape extends ListedResourceShape {
  /** The resource's profile. */
  readonly profile: Readonly<Record<string, unknown>> | null;
}

export interface EntitlementShape extends NamedEntitlement {
  readonly description: string;
  readonly slug: string;
  readonly purpose: string;
  readonly grantableTo: readonly string[];
  readonly discoveredAt: string | null;
}

export interface GrantShape {
  readonly id: string;
  readonly principal: NamedResource;
  readonly entitlement: NamedEntitlement;
  readonly discoveredAt: string | null;
  /** The entitlements whose holders this grant expands to. */
  readonly expandsFrom: readonly string[];
}

/** That a principal has an entitlement. */
export interface AccessShape {
  readonly principal: NamedResource;
  readonly entitlement: NamedEntitlement;
  readonly isDirect: boolean;
  /** Empty if the access follows from other grants and the sync was not expanded. */
  readonly grantIds: readonly string[];
  /** The entitlements from which it follows. */
  readonly sources: readonly NamedEntitlement[];
}

/** A step of a path: the principal has this entitlement. */
export interface StepShape {
  readonly entitlement: NamedEntitlement;
  readonly grantIds: readonly string[];
  /** The grant by which the previous step leads to this one; null for the first. */
  readonly linkGrantId: string | null;
}

/** Why a principal has an entitlement: the paths to it, shortest first. */
export interface ExplanationShape {
  readonly access: AccessShape;
  readonly paths: ReadonlyArray<readonly StepShape[]>;
  readonly hasMore: boolean;
}

export interface GraphNodeShape {
  /** Unique in the graph. */
  readonly key: string;
  readonly kind: 'principal' | 'entitlement';
  readonly name: string;
  /** A principal's type, or an entitlement's resource. */
  readonly detail: string;
  /** From left to right. */
  readonly column: number;
  readonly resource: NamedResource | null;
  readonly entitlementId: string | null;
}

export interface GraphEdgeShape {
  readonly from: string;
  readonly to: string;
  /** `grant` for a grant, `derived` for an entitlement that follows from another. */
  readonly kind: 'grant' | 'derived';
}

/** The graph of a principal or an entitlement. */
export interface GraphShape {
  readonly nodes: readonly GraphNodeShape[];
  readonly edges: readonly GraphEdgeShape[];
  /** Whether the graph leaves something out. */
  readonly hasMore: boolean;
}

export interface BucketChangesShape {
  readonly bucket: string;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** The difference of two syncs. */
export interface DifferenceShape {
  readonly before: SyncShape;
  readonly after: SyncShape;
  readonly counts: readonly BucketChangesShape[];
  readonly sentences: ReadonlyArray<{ readonly kind: ChangeKindShape; readonly text: string }>;
}

export type ChangeKindShape = 'added' | 'removed' | 'changed';

export interface ChangeShape {
  readonly kind: ChangeKindShape;
  readonly bucket: string;
  readonly id: readonly string[];
  /** A name; for a grant, who has what. */
  readonly text: string;
  /** The fields that differ, of a changed record. */
  readonly fields: readonly string[];
}

export interface TableShape {
  readonly level: number;
  readonly number: number;
  readonly bytes: number;
  /** The syncs whose keys it may hold. */
  readonly syncIds: readonly string[];
  /** Its first and last key, described. */
  readonly first: string;
  readonly last: string;
}

/** The LSM tree. */
export interface LevelsShape {
  readonly generation: string;
  readonly levels: ReadonlyArray<{
    readonly level: number;
    readonly bytes: number;
    readonly tables: readonly TableShape[];
  }>;
  /** How many tables the picture leaves out, the smallest ones. */
  readonly omitted: number;
  /** The size of logs, which hold what is not in tables yet. */
  readonly logBytes: number;
}

export interface GenerationShape {
  readonly name: string;
  readonly isCurrent: boolean;
  /** When its directory was made. */
  readonly madeAt: string;
  /** When CURRENT was switched to it; null unless it is current. */
  readonly committedAt: string | null;
  readonly tables: number;
  readonly bytes: number;
  /** The table files that it has and the generation before it had not, and the reverse; null if that is gone. */
  readonly changes: { readonly added: FilesShape; readonly removed: FilesShape } | null;
}

/** Some files. */
export interface FilesShape {
  readonly files: number;
  readonly bytes: number;
}

/** Why a question failed. */
export interface ErrorShape {
  readonly error: { readonly code: string; readonly message: string };
}
