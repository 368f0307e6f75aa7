// Checks that a record lies under its own key, by the fields that a scan found in its bytes: the same check as
// with `keyParts` and `recordKey` of key-layout.ts, without decoding the record or building the key. Records
// that Baton reads differently from how they are written, and records without a key, are left to those
// functions.
import {
  ENTITLEMENT_FIELDS,
  GRANT_FIELDS,
  KEY_FIELDS,
  type RecordScanner,
  type ScannedField,
} from '@sstitch/records';
import type { KeyLayout } from './key-layout.js';

/** The fields that make an entitlement's part of a key. */
interface EntitlementFields {
  readonly resourceTypeId: ScannedField;
  readonly resourceId: ScannedField;
  readonly id: ScannedField;
}

const OF_ENTITLEMENT: EntitlementFields = {
  resourceTypeId: ENTITLEMENT_FIELDS['resource.resource_type_id'],
  resourceId: ENTITLEMENT_FIELDS['resource.resource_id'],
  id: ENTITLEMENT_FIELDS.external_id,
};
const OF_GRANT: EntitlementFields = {
  resourceTypeId: GRANT_FIELDS['entitlement.resource_type_id'],
  resourceId: GRANT_FIELDS['entitlement.resource_id'],
  id: GRANT_FIELDS['entitlement.entitlement_id'],
};

const SEPARATOR = 0x00;
const COLON = 0x3a;
const WHOLE_ID = 0x30;
const REST_OF_ID = 0x31;
const MISMATCH = -1;

/**
 * Whether `keyBytes[start, end)` is a record's own key after the prefix of its bucket.
 *
 * @returns false if it is not, or if the record must be decoded to find out
 */
export function isPlainKey(
  scanned: RecordScanner,
  layout: KeyLayout,
  keyBytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { bucket } = scanned;
  // Baton derives an id for a grant without one.
  if (bucket === 'grant' && scanned.isEmpty(GRANT_FIELDS.external_id)) return false;
  const match = new KeyMatch(scanned, keyBytes, start, end);
  if (layout === 'pebble3' && bucket === 'entitlement') {
    match.entitlement(OF_ENTITLEMENT);
  } else if (layout === 'pebble3' && bucket === 'grant') {
    if (scanned.isEmpty(GRANT_FIELDS['entitlement.entitlement_id'])) return false;
    match.entitlement(OF_GRANT);
    match.present(GRANT_FIELDS['principal.resource_type_id']);
    match.present(GRANT_FIELDS['principal.resource_id']);
  } else {
    for (const field of KEY_FIELDS[bucket]) match.element(field);
  }
  return match.isAtEnd;
}

/** Compares a key with fields in sequence. */
class KeyMatch {
  readonly #scanned: RecordScanner;
  readonly #key: Uint8Array;
  readonly #end: number;
  /** The offset up to which they are equal; negative once they differ. */
  #at: number;

  constructor(scanned: RecordScanner, key: Uint8Array, start: number, end: number) {
    this.#scanned = scanned;
    this.#key = key;
    this.#at = start;
    this.#end = end;
  }

  /** Whether the whole key was compared. A byte after its end, which may belong to its value, does not count. */
  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  element(field: ScannedField): void {
    this.#byte(SEPARATOR);
    this.#bytes(this.#scanned.startOf(field), this.#scanned.endOf(field));
  }

  /** Compares an element that must not be empty. */
  present(field: ScannedField): void {
    if (this.#scanned.isEmpty(field)) this.#at = MISMATCH;
    this.element(field);
  }

  entitlement({ resourceTypeId, resourceId, id }: EntitlementFields): void {
    this.present(resourceTypeId);
    this.present(resourceId);
    this.#byte(SEPARATOR);
    const rest = this.#startOfRest(resourceTypeId, resourceId, id);
    this.#byte(rest < 0 ? WHOLE_ID : REST_OF_ID);
    this.#byte(SEPARATOR);
    this.#bytes(rest < 0 ? this.#scanned.startOf(id) : rest, this.#scanned.endOf(id));
  }

  /** The start of the rest of an id that begins with "type:id:"; negative for other ids. */
  #startOfRest(resourceTypeId: ScannedField, resourceId: ScannedField, id: ScannedField): number {
    const { bytes } = this.#scanned;
    const end = this.#scanned.endOf(id);
    let at = this.#scanned.startOf(id);
    for (const field of [resourceTypeId, resourceId]) {
      const fieldEnd = this.#scanned.endOf(field);
      for (let from = this.#scanned.startOf(field); from < fieldEnd; from += 1) {
        if (at >= end || bytes[at] !== bytes[from]) return MISMATCH;
        at += 1;
      }
      if (at >= end || bytes[at] !== COLON) return MISMATCH;
      at += 1;
    }
    return at;
  }

  #byte(byte: number): void {
    if (this.#at < 0) return;
    this.#at = this.#key[this.#at] === byte ? this.#at + 1 : MISMATCH;
  }

  /** Compares bytes of the record. */
  #bytes(start: number, end: number): void {
    if (this.#at < 0) return;
    const { bytes } = this.#scanned;
    let at = this.#at;
    for (let from = start; from < end; from += 1) {
      if (this.#key[at] !== bytes[from]) {
        this.#at = MISMATCH;
        return;
      }
      at += 1;
    }
    this.#at = at;
  }
}
