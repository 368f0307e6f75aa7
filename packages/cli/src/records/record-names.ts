// Looks up the display names of resources and entitlements, each once.
import type { ReadableEngine } from '@sstitch/contract';
import { type ResourceName, SyncReader } from '@sstitch/records';

/** The most cached names; the cache is cleared when it is full. */
const MAX_NAMES = 50_000;

/** The names of an entitlement for people. */
export interface EntitlementLabel {
  readonly displayName: string;
  /** Its display name or, without one, its slug or id. */
  readonly name: string;
  readonly resource: ResourceName | undefined;
}

/** Looks up names in a sync. */
export class RecordNames {
  readonly #reader: SyncReader;
  readonly #syncId: string;
  readonly #resources = new Map<string, Promise<string>>();
  readonly #entitlements = new Map<string, Promise<EntitlementLabel>>();

  constructor(engine: ReadableEngine, syncId: string) {
    this.#reader = new SyncReader(engine);
    this.#syncId = syncId;
  }

  /** The display name of a resource; '' if it has none. */
  displayNameOf(resource: ResourceName): Promise<string> {
    const { resourceTypeId, resourceId } = resource;
    return known(this.#resources, JSON.stringify([resourceTypeId, resourceId]), async () => {
      const record = await this.#reader.getResource(this.#syncId, resource);
      return record?.displayName ?? '';
    });
  }

  async hasRecordOf(resource: ResourceName): Promise<boolean> {
    return (await this.#reader.getResource(this.#syncId, resource)) !== undefined;
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

/** The name of a resource on the command line, `type/id`. */
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
