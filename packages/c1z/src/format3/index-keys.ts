// The index keys of the current layout (pebble3). Their values are empty.
//
//   03 07 01   T(parent's type, parent's id, type, id)   resources with a parent
//   03 07 04   T(principal's type, principal's id, E)    all grants
//   03 07 05   T(E, principal's type, principal's id)    grants that are not expanded yet
//
// Numbers 02, 03, 06 and 07 are indexes of older layouts. Number 08 and the digests of grants (03 0A) are
// omitted: baton-sdk treats them as unknown and builds them when it next seals the sync.
import type { SyncRecord } from '@sstitch/records';
import { recordKey } from './key-layout.js';

const BY_PARENT = Uint8Array.of(0x03, 0x07, 0x01);
const BY_PRINCIPAL = Uint8Array.of(0x03, 0x07, 0x04);
const BY_NEEDS_EXPANSION = Uint8Array.of(0x03, 0x07, 0x05);
/** The number of parts for the principal's type and id, which are the last in a grant's key. */
const PRINCIPAL_PARTS = 2;

/** Returns the index keys of a record. @param parts the parts of its own key in the layout pebble3 */
export function indexKeys(record: SyncRecord, parts: readonly string[]): readonly Uint8Array[] {
  if (record.$typeName === 'c1.storage.v3.ResourceRecord') {
    const { parent } = record;
    if (parent === undefined || parent.resourceId === '') return [];
    return [recordKey(BY_PARENT, [parent.resourceTypeId, parent.resourceId, ...parts])];
  }
  if (record.$typeName === 'c1.storage.v3.GrantRecord') {
    const entitlement = parts.slice(0, -PRINCIPAL_PARTS);
    const principal = parts.slice(-PRINCIPAL_PARTS);
    const byPrincipal = recordKey(BY_PRINCIPAL, [...principal, ...entitlement]);
    return record.needsExpansion
      ? [byPrincipal, recordKey(BY_NEEDS_EXPANSION, parts)]
      : [byPrincipal];
  }
  return [];
}
