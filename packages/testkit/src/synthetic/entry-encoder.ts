// Encodes keys and grants directly to bytes, many in one buffer: a sync of a million grants has five million
// entries, and an allocation for each would cost more than everything else. Synthetic strings are ASCII without
// 00 and 01, so a character is one byte without escapes. A test compares the bytes with those of
// @sstitch/records.
//
//   GrantRecord  sync_id=1, external_id=2, entitlement=3, principal=4, discovered_at=5, expansion=6,
//                needs_expansion=7, annotations=8, sources=9
import { type Bucket, buildKeyPrefix, type SyncIdBytes } from '@sstitch/keys';
import type { GrantFacts } from './make-records.js';

const CHUNK_BYTES = 64 * 1024;
/** A bound that no synthetic key or grant comes near. */
const MAX_ITEM_BYTES = 4096;
const IMMUTABLE = 'type.googleapis.com/c1.connector.v2.GrantImmutable';
const VARINT = 0;
const BYTES = 2;

export class EntryEncoder {
  readonly #syncIdText: string;
  readonly #syncId: SyncIdBytes;
  readonly #heads = new Map<Bucket, Uint8Array>();
  #chunk = Buffer.alloc(CHUNK_BYTES);
  #at = 0;

  constructor(syncId: SyncIdBytes, syncIdText: string) {
    this.#syncId = syncId;
    this.#syncIdText = syncIdText;
  }

  /** Encodes a key of a bucket; in `elements`, a 00 precedes each element. */
  key(bucket: Bucket, elements: string): Uint8Array {
    const start = this.#begin();
    let head = this.#heads.get(bucket);
    if (head === undefined) {
      head = buildKeyPrefix(bucket, this.#syncId, []);
      this.#heads.set(bucket, head);
    }
    this.#chunk.set(head, start);
    this.#at = start + head.length;
    this.#at += this.#chunk.write(elements, this.#at, 'latin1');
    return this.#take(start);
  }

  /** Encodes the grant's GrantRecord. */
  grant(facts: GrantFacts): Uint8Array {
    const { entitlement, principal, expansion } = facts;
    const start = this.#begin();
    this.#string(1, this.#syncIdText);
    this.#string(2, facts.externalId);
    const entitlementStart = this.#beginMessage(3);
    this.#string(1, entitlement.type);
    this.#string(2, entitlement.id);
    this.#string(3, entitlement.entitlementId);
    this.#endMessage(entitlementStart);
    const principalStart = this.#beginMessage(4);
    this.#string(1, principal.type);
    this.#string(2, principal.id);
    this.#endMessage(principalStart);
    const timeStart = this.#beginMessage(5);
    this.#number(1, facts.discoveredSeconds);
    if (facts.discoveredNanos !== 0) this.#number(2, facts.discoveredNanos);
    this.#endMessage(timeStart);
    if (expansion.length > 0) {
      const expansionStart = this.#beginMessage(6);
      for (const id of expansion) this.#string(1, id);
      if (facts.shallow) this.#number(2, 1);
      this.#string(3, 'user');
      this.#endMessage(expansionStart);
    }
    if (facts.needsExpansion) this.#number(7, 1);
    if (facts.immutable) {
      const annotationStart = this.#beginMessage(8);
      this.#string(1, IMMUTABLE);
      this.#endMessage(annotationStart);
    }
    for (const source of facts.sources) {
      const entryStart = this.#beginMessage(9);
      this.#string(1, source.entitlementId);
      const sourceStart = this.#beginMessage(2);
      this.#string(1, source.type);
      this.#string(2, source.id);
      this.#string(3, source.entitlementId);
      if (source.direct) this.#number(4, 1);
      this.#endMessage(sourceStart);
      this.#endMessage(entryStart);
    }
    return this.#take(start);
  }

  #begin(): number {
    if (this.#at + MAX_ITEM_BYTES > CHUNK_BYTES) {
      this.#chunk = Buffer.alloc(CHUNK_BYTES);
      this.#at = 0;
    }
    return this.#at;
  }

  #take(start: number): Uint8Array {
    return new Uint8Array(this.#chunk.buffer, this.#chunk.byteOffset + start, this.#at - start);
  }

  #string(field: number, text: string): void {
    this.#varint(field * 8 + BYTES);
    this.#varint(text.length);
    this.#at += this.#chunk.write(text, this.#at, 'latin1');
  }

  #number(field: number, value: number): void {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
  }

  /** Begins a nested message; reserves one byte for its length. */
  #beginMessage(field: number): number {
    this.#varint(field * 8 + BYTES);
    this.#at += 1;
    return this.#at;
  }

  /** Ends a nested message and writes its length; moves it by one byte if it is longer than 127 bytes. */
  #endMessage(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#chunk[start - 1] = length;
      return;
    }
    this.#chunk.copyWithin(start + 1, start, this.#at);
    this.#chunk[start - 1] = (length & 0x7f) | 0x80;
    this.#chunk[start] = length >>> 7;
    this.#at += 1;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#chunk[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#chunk[this.#at++] = rest;
  }
}
