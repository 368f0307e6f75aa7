import type { ResourceName } from '@sstitch/records';

/** An entitlement that leads to another, one step away. */
export interface AccessSource {
  /** The external_id of the entitlement that the principal has and that expands into the other. */
  readonly entitlementId: string;
  /** Whether the principal has it by a grant of its own. */
  readonly isDirect: boolean;
}

/** The fact that a principal has an entitlement. */
export interface Access {
  /** The principal that has the entitlement. */
  readonly principal: ResourceName;
  /** The entitlement, by its external_id. */
  readonly entitlementId: string;
  /** The entitlement's resource, or undefined if no record names it. */
  readonly resource: ResourceName | undefined;
  /**
   * The grants of the entitlement to the principal, by external_id. Empty if the access follows from other grants and
   * the sync was not expanded.
   */
  readonly grantIds: readonly string[];
  /** Whether one of the grants is direct, not only derived from others. */
  readonly isDirect: boolean;
  /** The entitlements from which the access follows, by id. */
  readonly sources: readonly AccessSource[];
}

/** A page of access, in the order of the query. */
export interface AccessPage {
  /** The access of the page. */
  readonly items: readonly Access[];
  /** The cursor of the next page, or undefined on the last one. */
  readonly next: string | undefined;
}

/** Options of a query. */
export interface AccessQuery {
  /** Aborts the query between two reads of the engine. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a page. */
export interface AccessPageQuery extends AccessQuery {
  /** The most items in the page, at least 1. Holders are counted by principal. @defaultValue 100 */
  readonly limit?: number | undefined;
  /** The `next` of another page of the same query. @defaultValue the first page */
  readonly cursor?: string | undefined;
}
