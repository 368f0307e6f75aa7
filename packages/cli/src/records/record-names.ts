// What people call resources and entitlements: their display names, each looked up once.
import type { ReadableEngine } from '@sstitch/contract';
import { type ResourceName, SyncReader } from '@sstitch/records';

/** Names kept in mind at most; then all are forgotten. */
const MAX_NAMES = 50_000;

/** An entitlement as people know it. */
export interface EntitlementLabel {
  readonly displayName: string;
  /** Its own name, or what there is of it: slug or id. */
  readonly name: string;
  readonly resource: ResourceName | undefined;
}

/** Looks names up in a sync. */
export class RecordNames {
  readonly #reader: SyncReader;
  readonly #syncId: string;
  readonly #resources = new Map<string, Promise<string>>();
  readonly #entitlements = new Map<string, Promise<EntitlementLabel>>();

  constructor(engine: ReadableEngine, syncId: string) {
    this.#reader = new SyncReader(engine);
    this.#syncId = syncId;
  }

  /** The display name of a resource; '' where it has none. */
  displayNameOf(resource: ResourceName): Promise<string> {
    return known(this.#resources, keyOf(resource), async () => {
      const record = await this.#reader.getResource(this.#syncId, resource);
      return record?.displayName ?? '';
    });
  }

  /** A name for a resource: its display name, or its id. */
  async resource(resource: ResourceName): Promise<string> {
    return (await this.displayNameOf(resource)) || keyOf(resource);
  }

  entitlement(id: string): Promise<EntitlementLabel> {
    return known(this.#entitlements, id, async () => {
      const record = await this.#reader.getEntitlement(this.#syncId, id);
      const displayName = record?.displayName ?? '';
      const name = displayName || record?.slug || id;
      return { displayName, name, resource: record?.resource };
    });
  }
}

/** A resource as it is named on the command line. */
export function keyOf({ resourceTypeId, resourceId }: ResourceName): string {
  return `${resourceTypeId}/${resourceId}`;
}

function known<T>(names: Map<string, Promise<T>>, key: string, look: () => Promise<T>): Promise<T> {
  const found = names.get(key);
  if (found !== undefined) return found;
  if (names.size >= MAX_NAMES) names.clear();
  const name = look();
  names.set(key, name);
  return name;
}
