// Writes the parts of which the cluster's formats consist.
//
//   varint  a whole number up to 2^53 - 1: seven bits a byte, least significant first; the high bit of a byte is set if
//           another follows
//   bytes   varint length | the bytes
//   uuid    16 bytes
//   end     0, or 1 | bytes: the end of a span, and whether it has one

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INITIAL_BYTES = 256;

/** A buffer that grows. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  /** @throws RangeError if `value` is not a whole number from 0 to 2^53 - 1 */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`a varint is a whole number from 0 to 2^53 - 1, not ${value}`);
    }
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  bytes(value: Uint8Array): void {
    this.varint(value.byteLength);
    this.raw(value);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): void {
    this.#reserve(value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  /** @throws RangeError if `text` is not a UUID in lower case */
  uuid(text: string): void {
    if (!UUID.test(text)) throw new RangeError(`an id is a UUID in lower case, not "${text}"`);
    this.#reserve(16);
    this.#buffer.write(text.replaceAll('-', ''), this.#length, 'hex');
    this.#length += 16;
  }

  end(value: Uint8Array | undefined): void {
    this.byte(value === undefined ? 0 : 1);
    if (value !== undefined) this.bytes(value);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.byteLength) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
