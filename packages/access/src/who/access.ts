import type { ResourceName } from '@sstitch/records';

/** An entitlement that leads to another, one step away. */
export interface AccessSource {
  readonly entitlementId: string;
  /** Whether the principal has it by a grant of its own. */
  readonly isDirect: boolean;
}

/** That a principal has an entitlement. */
export interface Access {
  readonly principal: ResourceName;
  readonly entitlementId: string;
  /** What it is an entitlement of; undefined where no record says so. */
  readonly resource: ResourceName | undefined;
  /**
   * The grants that say so, by external_id; none where it follows from other grants and the sync was not expanded.
   */
  readonly grantIds: readonly string[];
  /** Whether one of the grants is the principal's own, not only derived from others. */
  readonly isDirect: boolean;
  /** The entitlements that it follows from, by id. */
  readonly sources: readonly AccessSource[];
}

/** Some access, in the order of a query. */
export interface AccessPage {
  readonly items: readonly Access[];
  /** The cursor of the page after this one; undefined where nothing comes after. */
  readonly next: string | undefined;
}

/** Options of a query. */
export interface AccessQuery {
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a page. */
export interface AccessPageQuery extends AccessQuery {
  /** Items at most, from 1 on; of holders: principals. @defaultValue 100 */
  readonly limit?: number | undefined;
  /** `next` of another page of the same query. @defaultValue the first page */
  readonly cursor?: string | undefined;
}
