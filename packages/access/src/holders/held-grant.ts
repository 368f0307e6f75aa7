import { decodeRecord, type GrantRecord } from '@sstitch/records';

/** A grant that a principal holds. */
export interface HeldGrant {
  /** The grant's external_id. */
  readonly id: string;
  /** @throws RecordsError SSTITCH_RECORD_UNDECODABLE */
  readonly record: GrantRecord;
}

/** A grant as stored bytes. Its record is decoded on first use. */
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

/** Reports whether a grant of an entitlement is direct, not only derived from others. */
export function isDirect({ sources }: GrantRecord, entitlementId: string): boolean {
  // As in Baton's isGrantDirectOnEntitlement, a grant that was not expanded has no sources.
  for (const _ in sources) return Object.hasOwn(sources, entitlementId);
  return true;
}
