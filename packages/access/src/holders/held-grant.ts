import { decodeRecord, type GrantRecord } from '@sstitch/records';

/** A grant that a principal holds. */
export interface HeldGrant {
  /** Its external_id. */
  readonly id: string;
  /** @throws RecordsError SSTITCH_RECORD_UNDECODABLE */
  readonly record: GrantRecord;
}

/** A grant as the bytes that the store holds, decoded when its record is first asked for. */
export class StoredGrant implements HeldGrant {
  readonly id: string;
  readonly value: Uint8Array;
  readonly #key: Uint8Array;
  #record: GrantRecord | undefined;

  constructor(id: string, key: Uint8Array, value: Uint8Array) {
    this.id = id;
    this.value = value;
    this.#key = key;
  }

  get record(): GrantRecord {
    this.#record ??= decodeRecord('grant', this.#key, this.value);
    return this.#record;
  }
}

/** Whether a grant of an entitlement is one of its own, and not only derived from others. */
export function isDirect({ sources }: GrantRecord, entitlementId: string): boolean {
  // As Baton's isGrantDirectOnEntitlement: a grant that was not expanded has no sources.
  for (const _ in sources) return Object.hasOwn(sources, entitlementId);
  return true;
}
