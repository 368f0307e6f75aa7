// The format of a block before compression (LevelDB's table/block_builder.cc):
//
//   entries:   shared     varint32   number of bytes shared with the previous key; 0 at a restart point
//              unshared   varint32
//              value      varint32   length
//              key bytes  unshared
//              value bytes
//   restarts:  uint32 little-endian each: offsets of the restart points, the first of which is 0
//   count:     uint32 little-endian
//
// Invariants:
// - keys are internal keys that strictly ascend, even across `reset`;
// - `lastKey` is the last key that was added;
// - the buffer is reused from block to block.

import { assert } from '../assert.js';
import { copyBytes, grown } from '../compare-bytes.js';
import { compareTrailers, TRAILER_BYTES } from '../encoding/internal-key.js';
import { MAX_BLOCK_BYTES } from '../encoding/table-format.js';
import { MAX_VARINT32_BYTES, writeVarint } from '../encoding/varint.js';
import { SstError } from '../errors.js';
import { hex } from '../hex.js';

/** Builds blocks, one after another, from ascending entries. */
export class BlockBuilder {
  readonly #restartInterval: number;
  #bytes: Uint8Array = new Uint8Array(16 * 1024);
  #used = 0;
  #restarts = new Uint32Array(64);
  #restartCount = 1;
  #sinceRestart = 0;
  /** Holds the last key in its first `lastKeyLength` bytes. */
  lastKey: Uint8Array = new Uint8Array(256);
  /** The length of the last key; 0 before the first entry. */
  lastKeyLength = 0;

  constructor(restartInterval: number) {
    this.#restartInterval = restartInterval;
  }

  /** Whether the current block has no entry yet. */
  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** The size of the block that `finish` would return now. */
  get sizeBytes(): number {
    return this.#used + 4 * this.#restartCount + 4;
  }

  /**
   * Returns the number of leading bytes that a key shares with the last one. Checks the order in the same pass.
   *
   * @param known the number of leading bytes that are known to be equal, and are not compared
   * @throws SstError `SSTITCH_TABLE_ORDER` if the key is not after the last one
   */
  sharedWithLast(key: Uint8Array, keyLength: number, known = 0): number {
    const last = this.lastKey;
    const lastLength = this.lastKeyLength;
    const shorter = Math.min(lastLength, keyLength);
    let shared = Math.min(known, shorter);
    while (shared < shorter && last[shared] === key[shared]) shared += 1;
    if (lastLength === 0) return 0;

    const userLength = keyLength - TRAILER_BYTES;
    const lastUserLength = lastLength - TRAILER_BYTES;
    let ascends: boolean;
    if (shared < userLength && shared < lastUserLength) {
      ascends = (last[shared] as number) < (key[shared] as number);
    } else if (userLength !== lastUserLength) {
      ascends = lastUserLength < userLength;
    } else {
      ascends = compareTrailers(last, lastLength, key, keyLength) < 0;
    }
    if (!ascends) {
      throw new SstError(
        'SSTITCH_TABLE_ORDER',
        `internal key ${hex(key.subarray(0, keyLength))} does not follow ` +
          hex(last.subarray(0, lastLength)),
      );
    }
    return shared;
  }

  /** Adds an entry. `sharedBytes` is what `sharedWithLast` returned for its key. */
  append(
    key: Uint8Array,
    keyLength: number,
    sharedBytes: number,
    values: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const valueLength = valueEnd - valueStart;
    const most = this.#used + 3 * MAX_VARINT32_BYTES + keyLength + valueLength;
    assert(most + 4 * this.#restartCount + 8 <= MAX_BLOCK_BYTES, 'the block is full');
    if (most > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#used, most);

    let shared = sharedBytes;
    if (this.#used === 0) {
      shared = 0;
    } else if (this.#sinceRestart >= this.#restartInterval) {
      this.#addRestart(this.#used);
      shared = 0;
    }
    const unshared = keyLength - shared;
    const bytes = this.#bytes;
    let at = this.#used;
    if ((shared | unshared | valueLength) < 0x80) {
      bytes[at] = shared;
      bytes[at + 1] = unshared;
      bytes[at + 2] = valueLength;
      at += 3;
    } else {
      at = writeVarint(bytes, writeVarint(bytes, at, shared), unshared);
      at = writeVarint(bytes, at, valueLength);
    }
    copyBytes(key, shared, keyLength, bytes, at);
    copyBytes(values, valueStart, valueEnd, bytes, at + unshared);
    this.#used = at + unshared + valueLength;
    this.#sinceRestart += 1;

    if (keyLength > this.lastKey.length) this.lastKey = grown(this.lastKey, shared, keyLength);
    copyBytes(key, shared, keyLength, this.lastKey, shared);
    this.lastKeyLength = keyLength;
  }

  /**
   * Adds entries `from` to `to` (exclusive) of another block in their stored form. In both blocks every entry is a
   * restart point. The caller has checked that the first key is after the last one.
   *
   * @param restartsStart the offset of the restart points in `block`
   * @param lastKey the key of entry `to - 1`
   */
  appendStored(
    block: Uint8Array,
    restartsStart: number,
    from: number,
    to: number,
    lastKey: Uint8Array,
  ): void {
    assert(this.#restartInterval === 1, 'entries that share bytes cannot be moved');
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    const start = view.getUint32(restartsStart + 4 * from, true);
    // The last entry ends where the restart points start.
    const isLast = restartsStart + 4 * to === block.length - 4;
    const end = isLast ? restartsStart : view.getUint32(restartsStart + 4 * to, true);
    const most = this.#used + end - start;
    // Reserve room for the restart points too, so that `finish` need not move a large index again.
    const withRestarts = most + 4 * (this.#restartCount + to - from) + 8;
    assert(withRestarts <= MAX_BLOCK_BYTES, 'the block is full');
    if (withRestarts > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, this.#used, withRestarts);
    }
    const moved = this.#used - start;
    const restarts = this.#restartsFor(to - from);
    let count = this.#restartCount;
    for (let entry = from; entry < to; entry += 1) {
      const at = moved + view.getUint32(restartsStart + 4 * entry, true);
      // The restart point at 0 exists already.
      if (at > 0) restarts[count++] = at;
    }
    this.#restartCount = count;
    this.#bytes.set(block.subarray(start, end), this.#used);
    this.#used = most;
    this.#sinceRestart = 1;
    if (lastKey.length > this.lastKey.length) this.lastKey = new Uint8Array(lastKey.length * 2);
    this.lastKey.set(lastKey);
    this.lastKeyLength = lastKey.length;
  }

  #addRestart(at: number): void {
    this.#restartsFor(1)[this.#restartCount] = at;
    this.#restartCount += 1;
    this.#sinceRestart = 0;
  }

  /** Returns the restart points, with room for `more`. */
  #restartsFor(more: number): Uint32Array {
    const needed = this.#restartCount + more;
    if (needed > this.#restarts.length) {
      const restarts = new Uint32Array(Math.max(needed, this.#restarts.length * 2));
      restarts.set(this.#restarts);
      this.#restarts = restarts;
    }
    return this.#restarts;
  }

  /** Ends the block. Returns its contents, valid until the next call of any method. */
  finish(): Uint8Array {
    const size = this.sizeBytes;
    if (size > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#used, size);
    const { buffer, byteOffset } = this.#bytes;
    const view = new DataView(buffer, byteOffset + this.#used, 4 * this.#restartCount + 4);
    for (let index = 0; index < this.#restartCount; index += 1) {
      view.setUint32(4 * index, this.#restarts[index] as number, true);
    }
    view.setUint32(4 * this.#restartCount, this.#restartCount, true);
    return this.#bytes.subarray(0, size);
  }

  /** Starts the next block. The last key is kept, to check the order of the next one. */
  reset(): void {
    this.#used = 0;
    this.#restartCount = 1;
    this.#sinceRestart = 0;
  }
}
