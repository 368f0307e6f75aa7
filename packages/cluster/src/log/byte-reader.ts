import { ClusterError } from '../errors.js';

const UUID_BYTES = 16;

/**
 * Reads what a ByteWriter wrote (byte-writer.ts has the layout), and trusts none of it.
 *
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT, from every method
 */
export class ByteReader {
  readonly #buffer: Buffer;
  /** What the bytes are, for messages. */
  readonly #what: string;
  #position = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get rest(): number {
    return this.#buffer.byteLength - this.#position;
  }

  fail(problem: string): never {
    const message = `${this.#what} cannot be read: ${problem} at byte ${this.#position}`;
    throw new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
  }

  byte(): number {
    const value = this.#buffer[this.#position];
    if (value === undefined) this.fail('it is truncated');
    this.#position += 1;
    return value;
  }

  /** Reads the version of a format, of which this release reads one. */
  version(readable: number): void {
    const version = this.byte();
    if (version === readable) return;
    const message = `${this.#what} has version ${version}, this release reads version ${readable}: use the release that wrote it or a later one`;
    throw new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      // Not `value > …`, which is false for the NaN that too many bytes produce.
      if (!(value <= Number.MAX_SAFE_INTEGER)) this.fail('a number is too large');
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  /** How many items follow, each of at least `minBytes`. */
  count(minBytes: number): number {
    const count = this.varint();
    if (count * minBytes > this.rest) this.fail(`a count of ${count} exceeds what follows`);
    return count;
  }

  /** A copy, so that a caller that keeps it does not keep the whole buffer. */
  bytes(): Uint8Array {
    return new Uint8Array(this.raw(this.varint()));
  }

  /** Bytes without their length; not a copy. */
  raw(length: number): Uint8Array {
    if (length > this.rest) this.fail('it is truncated');
    const start = this.#position;
    this.#position += length;
    return this.#buffer.subarray(start, this.#position);
  }

  uuid(): string {
    const start = this.#position;
    this.raw(UUID_BYTES);
    const hex = this.#buffer.toString('hex', start, start + UUID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  end(): Uint8Array | undefined {
    const has = this.byte();
    if (has > 1) this.fail('an end of a span is neither there nor absent');
    return has === 1 ? this.bytes() : undefined;
  }

  /** Call it after the last part. */
  finish(): void {
    if (this.rest > 0) this.fail(`${this.rest} bytes follow its end`);
  }
}
