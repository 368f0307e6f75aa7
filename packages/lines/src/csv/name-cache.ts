// Looks up the names of the records that grants refer to, and caches some thousands of them.
import type { GrantRecord } from '@sstitch/records';

/** A record with a display name. */
interface Named {
  /** The name, which may be empty. */
  readonly displayName: string;
}

/** Where names are looked up; a `SyncReader` of @sstitch/records implements it. */
export interface NameLookup {
  /** Reads a resource type; undefined if the sync has no such record. */
  getResourceType(syncId: string, externalId: string): Promise<Named | undefined>;
  /** Reads a resource; undefined if the sync has no such record. */
  getResource(
    syncId: string,
    resource: { readonly resourceTypeId: string; readonly resourceId: string },
  ): Promise<Named | undefined>;
  /** Reads an entitlement; undefined if the sync has no such record. */
  getEntitlement(syncId: string, externalId: string): Promise<Named | undefined>;
}

/** The names of the records that a grant refers to; '' if a record has none. */
export interface GrantNames {
  readonly principalType: string;
  readonly principal: string;
  readonly entitlement: string;
  readonly resourceType: string;
  readonly resource: string;
}

const MAX_NAMES = 20_000;

/** Looks up names, each once while it is cached. */
export class NameCache {
  readonly #lookup: NameLookup | undefined;
  /** In order of use: the most recently used name is last. */
  readonly #names = new Map<string, Promise<string>>();

  /** @param lookup if undefined, all names are '' */
  constructor(lookup: NameLookup | undefined) {
    this.#lookup = lookup;
  }

  async namesOf(syncId: string, { entitlement, principal }: GrantRecord): Promise<GrantNames> {
    const [principalType, principalName, entitlementName, resourceType, resource] =
      await Promise.all([
        this.#resourceType(syncId, principal),
        this.#resource(syncId, principal),
        this.#entitlement(syncId, entitlement?.entitlementId),
        this.#resourceType(syncId, entitlement),
        this.#resource(syncId, entitlement),
      ]);
    return {
      principalType,
      principal: principalName,
      entitlement: entitlementName,
      resourceType,
      resource,
    };
  }

  #resourceType(syncId: string, ref: { resourceTypeId: string } | undefined): Promise<string> | '' {
    if (ref === undefined) return '';
    return this.#kept(['type', syncId, ref.resourceTypeId], (lookup) =>
      lookup.getResourceType(syncId, ref.resourceTypeId),
    );
  }

  #resource(
    syncId: string,
    ref: { resourceTypeId: string; resourceId: string } | undefined,
  ): Promise<string> | '' {
    if (ref === undefined) return '';
    const { resourceTypeId, resourceId } = ref;
    return this.#kept(['resource', syncId, resourceTypeId, resourceId], (lookup) =>
      lookup.getResource(syncId, { resourceTypeId, resourceId }),
    );
  }

  #entitlement(syncId: string, id: string | undefined): Promise<string> | '' {
    if (id === undefined) return '';
    return this.#kept(['entitlement', syncId, id], (lookup) => lookup.getEntitlement(syncId, id));
  }

  #kept(
    of: readonly string[],
    find: (lookup: NameLookup) => Promise<Named | undefined>,
  ): Promise<string> | '' {
    if (this.#lookup === undefined) return '';
    const key = JSON.stringify(of);
    const known = this.#names.get(key);
    const name = known ?? find(this.#lookup).then((record) => record?.displayName ?? '');
    if (known !== undefined) this.#names.delete(key);
    else if (this.#names.size >= MAX_NAMES) this.#removeOldest();
    this.#names.set(key, name);
    return name;
  }

  #removeOldest(): void {
    for (const key of this.#names.keys()) {
      this.#names.delete(key);
      return;
    }
  }
}
