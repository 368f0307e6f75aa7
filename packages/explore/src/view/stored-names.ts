// Names for ids: each looked up once a question.
import type { EngineSnapshot } from '@sstitch/contract';
import type { ResourceName, SyncReader } from '@sstitch/records';
import type { NamedEntitlement, NamedResource } from '../shapes.js';

/** Ids are what links are made of; a name is only read. */
const MAX_NAME_CHARACTERS = 300;

/** The names of one sync. */
export class StoredNames {
  readonly #records: SyncReader;
  readonly #syncId: string;
  readonly #snapshot: EngineSnapshot;
  readonly #resources = new Map<string, Promise<NamedResource>>();
  readonly #entitlements = new Map<string, Promise<NamedEntitlement>>();

  constructor(records: SyncReader, syncId: string, snapshot: EngineSnapshot) {
    this.#records = records;
    this.#syncId = syncId;
    this.#snapshot = snapshot;
  }

  /** A resource with its name; '' where the sync has no record of it. */
  resource(resource: ResourceName): Promise<NamedResource> {
    const { resourceTypeId: type, resourceId: id } = resource;
    return once(this.#resources, JSON.stringify([type, id]), async () => {
      const options = { snapshot: this.#snapshot };
      const record = await this.#records.getResource(this.#syncId, resource, options);
      return { type, id, name: shortName(record?.displayName) };
    });
  }

  /** An entitlement with its name and its resource. */
  entitlement(id: string, resource?: ResourceName): Promise<NamedEntitlement> {
    return once(this.#entitlements, id, async () => {
      const options = { snapshot: this.#snapshot };
      const record = await this.#records.getEntitlement(this.#syncId, id, options);
      const on = record?.resource ?? resource;
      return {
        id,
        name: shortName(record?.displayName || record?.slug),
        resource: on === undefined ? null : await this.resource(on),
      };
    });
  }
}

/** A name as a page shows it. */
export function shortName(name: string | undefined): string {
  if (name === undefined || name.length <= MAX_NAME_CHARACTERS) return name ?? '';
  return `${name.slice(0, MAX_NAME_CHARACTERS)}…`;
}

function once<T>(known: Map<string, Promise<T>>, key: string, look: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? look();
  known.set(key, found);
  return found;
}
