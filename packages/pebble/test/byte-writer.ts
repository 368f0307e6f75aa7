/** Concatenates bytes. */
export class ByteWriter {
  readonly #parts: number[] = [];

  get length(): number {
    return this.#parts.length;
  }

  raw(...bytes: Iterable<number>[]): this {
    for (const part of bytes) for (const byte of part) this.#parts.push(byte);
    return this;
  }

  byte(value: number): this {
    this.#parts.push(value);
    return this;
  }

  uvarint(value: number | bigint): this {
    let rest = BigInt(value);
    for (; rest >= 0x80n; rest >>= 7n) this.#parts.push(Number(rest & 0x7fn) | 0x80);
    this.#parts.push(Number(rest));
    return this;
  }

  uint16(value: number): this {
    return this.#fixed(BigInt(value), 2);
  }

  uint32(value: number): this {
    return this.#fixed(BigInt(value), 4);
  }

  uint64(value: number | bigint): this {
    return this.#fixed(BigInt(value), 8);
  }

  #fixed(value: bigint, count: number): this {
    for (let index = 0; index < count; index += 1) {
      this.#parts.push(Number((value >> BigInt(8 * index)) & 0xffn));
    }
    return this;
  }

  /** Writes a length-prefixed byte string. */
  byteString(bytes: Uint8Array): this {
    return this.uvarint(bytes.length).raw(bytes);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
}

export function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value));
}
