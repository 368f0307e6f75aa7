// Looks up the names of ids, each once as long as it is remembered.
import type { EngineSnapshot } from '@sstitch/contract';
import type { ResourceName, SyncReader } from '@sstitch/records';
import type { NamedEntitlement, NamedResource } from '../shapes.js';
import { firstCharacters } from './first-characters.js';

/** Links are made of ids, so a name may be truncated. */
const MAX_NAME_CHARACTERS = 300;
/** Names of each kind to remember. A long list starts over when there are more, which bounds memory. */
const MAX_REMEMBERED = 5000;

/** A lookup of names in one sync. */
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

  /** Finds a resource's name, which is '' if the sync has no record of the resource. */
  resource(resource: ResourceName): Promise<NamedResource> {
    const { resourceTypeId: type, resourceId: id } = resource;
    return once(this.#resources, JSON.stringify([type, id]), async () => {
      const options = { snapshot: this.#snapshot };
      const record = await this.#records.getResource(this.#syncId, resource, options);
      return { type, id, name: shortName(record?.displayName) };
    });
  }

  /** Finds an entitlement's name and resource. */
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

/** Shortens a name for display. */
export function shortName(name: string | undefined): string {
  if (name === undefined || name.length <= MAX_NAME_CHARACTERS) return name ?? '';
  return `${firstCharacters(name, MAX_NAME_CHARACTERS)}…`;
}

function once<T>(known: Map<string, Promise<T>>, key: string, look: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_REMEMBERED) known.clear();
  const looked = look();
  known.set(key, looked);
  return looked;
}
