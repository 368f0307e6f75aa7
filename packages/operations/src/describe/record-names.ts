// What people call the things that changes are about: looked up in the sync after, then in the one before.
import { type ResourceName, SyncReader } from '@sstitch/records';
import type { SyncInput } from '../diff/diff-syncs.js';
import { entitlementName } from './change-groups.js';

export class RecordNames {
  readonly #inputs: readonly SyncInput[];

  /** @param inputs where to look, in this order */
  constructor(inputs: readonly SyncInput[]) {
    this.#inputs = inputs;
  }

  /** A resource's display name; its id where it has none. */
  async resource(name: ResourceName): Promise<string> {
    for (const { engine, syncId, snapshot } of this.#inputs) {
      const options = snapshot === undefined ? {} : { snapshot };
      const record = await new SyncReader(engine).getResource(syncId, name, options);
      if (record?.displayName) return record.displayName;
    }
    return name.resourceId;
  }

  /** An entitlement's slug or display name; its id where it has neither. */
  async entitlement(externalId: string): Promise<string> {
    for (const { engine, syncId, snapshot } of this.#inputs) {
      const options = snapshot === undefined ? {} : { snapshot };
      const record = await new SyncReader(engine).getEntitlement(syncId, externalId, options);
      if (record !== undefined) return entitlementName(record);
    }
    return externalId;
  }
}
