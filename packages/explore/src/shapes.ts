// What the server answers, as JSON: shared with the page. Times are ISO 8601 in UTC; sizes are bytes.

/** A resource, which may be a principal. */
export interface NamedResource {
  readonly type: string;
  readonly id: string;
  /** '' where there is none. */
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
  /** The cursor of the page after this one; null where nothing comes after. */
  readonly next: string | null;
}

/** The store, and the view of it that answers come from. */
export interface StoreShape {
  readonly name: string;
  readonly location: string;
  readonly generation: string;
  readonly openedAt: string;
  /** The generation in force now. */
  readonly currentGeneration: string;
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
  /** In small letters, as `full`. */
  readonly type: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** null where the sync has no statistics: it has not ended. */
  readonly counts: CountsShape | null;
  /** In tables, roughly. */
  readonly bytes: number;
  /** The sync that this is a replaced version of. */
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
  /** null where the statistics do not say. */
  readonly resources: number | null;
}

export type FoundShape =
  | ({ readonly kind: 'resource' } & NamedResource)
  | ({ readonly kind: 'entitlement' } & NamedEntitlement);

/** What a search found, those that begin with the text first. */
export interface SearchShape {
  readonly items: readonly FoundShape[];
  /** Whether all names were searched: they are read in the background. */
  readonly isComplete: boolean;
  readonly searched: number;
}

export interface ResourceShape extends NamedResource {
  readonly description: string;
  readonly parent: NamedResource | null;
  /** `enabled`, `disabled`, `deleted`; '' where it is not known. */
  readonly status: string;
  readonly discoveredAt: string | null;
  /** The resource's own profile, as JSON. */
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
  /** Entitlements whose holders this grant expands to: more than none where the principal is a group. */
  readonly expandsFrom: readonly string[];
}

/** That a principal has an entitlement. */
export interface AccessShape {
  readonly principal: NamedResource;
  readonly entitlement: NamedEntitlement;
  readonly isDirect: boolean;
  /** None where the access follows from other grants and the sync was not expanded. */
  readonly grantIds: readonly string[];
  /** The entitlements that it follows from. */
  readonly sources: readonly NamedEntitlement[];
}

/** A step of a way: the principal has this entitlement. */
export interface StepShape {
  readonly entitlement: NamedEntitlement;
  readonly grantIds: readonly string[];
  /** The grant by which the step before leads to this one; null for the first. */
  readonly linkGrantId: string | null;
}

/** Why a principal has an entitlement: the ways to it, the shortest first. */
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
  /** What it is of: a principal's type, an entitlement's resource. */
  readonly detail: string;
  /** From left to right. */
  readonly column: number;
  readonly resource: NamedResource | null;
  readonly entitlementId: string | null;
}

export interface GraphEdgeShape {
  readonly from: string;
  readonly to: string;
  /** `grant`: a grant says so; `derived`: it follows from where the edge begins. */
  readonly kind: 'grant' | 'derived';
}

/** A graph of one principal or of one entitlement. */
export interface GraphShape {
  readonly nodes: readonly GraphNodeShape[];
  readonly edges: readonly GraphEdgeShape[];
  /** Whether there is more than the graph shows. */
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
  /** A name, or who has what for a grant. */
  readonly text: string;
  /** Of a changed record, the fields that differ. */
  readonly fields: readonly string[];
}

export interface TableShape {
  readonly level: number;
  readonly number: number;
  readonly bytes: number;
  /** Syncs that it may hold keys of. */
  readonly syncIds: readonly string[];
  /** Its first and its last key, in words. */
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
  /** Tables that the picture leaves out, the smallest. */
  readonly omitted: number;
  /** Logs: what is not in tables yet. */
  readonly logBytes: number;
}

export interface GenerationShape {
  readonly name: string;
  readonly isCurrent: boolean;
  /** When it was laid out: its directory's time. */
  readonly madeAt: string;
  /** When CURRENT named it; null for others than the current one. */
  readonly committedAt: string | null;
  readonly tables: number;
  readonly bytes: number;
}

/** Why a question has no answer. */
export interface ErrorShape {
  readonly error: { readonly code: string; readonly message: string };
}
