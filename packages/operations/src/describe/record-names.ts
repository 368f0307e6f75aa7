// Looks up the names of changed things, in the later sync and then in the earlier one.
import { type ResourceName, SyncReader } from '@sstitch/records';
import type { SyncInput } from '../diff/diff-syncs.js';
import { entitlementName } from './change-groups.js';

export class RecordNames {
  readonly #inputs: readonly SyncInput[];

  /** @param inputs the syncs to look in, in this order */
  constructor(inputs: readonly SyncInput[]) {
    this.#inputs = inputs;
  }

  /** Finds a resource's display name, or its id if it has none. */
  async resource(name: ResourceName): Promise<string> {
    for (const { engine, syncId, snapshot } of this.#inputs) {
      const options = snapshot === undefined ? {} : { snapshot };
      const record = await new SyncReader(engine).getResource(syncId, name, options);
      if (record?.displayName) return record.displayName;
    }
    return name.resourceId;
  }

  /** Finds an entitlement's slug or display name, or its id if it has neither. */
  async entitlement(externalId: string): Promise<string> {
    for (const { engine, syncId, snapshot } of this.#inputs) {
      const options = snapshot === undefined ? {} : { snapshot };
      const record = await new SyncReader(engine).getEntitlement(syncId, externalId, options);
      if (record !== undefined) return entitlementName(record);
    }
    return externalId;
  }
}
