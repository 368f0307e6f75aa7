// The low 32 bits of XXH64 with seed 0, which tables with checksum type 3 store. 64-bit numbers are kept as two
// halves, because a BigInt for every 8 bytes would be slow.

import { readUint32 } from './fixed-numbers.js';

// The five primes of XXH64, each as its high and low half.
const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9;
const P4_HIGH = 0x85ebca77;
const P4_LOW = 0xc2b2ae63;
const P5_HIGH = 0x27d4eb2f;
const P5_LOW = 0x165667c5;

const STRIPE_BYTES = 32;

/** A mutable 64-bit number. */
class Word {
  high: number;
  low: number;

  constructor(high: number, low: number) {
    this.high = high >>> 0;
    this.low = low >>> 0;
  }

  add(high: number, low: number): this {
    const sum = this.low + (low >>> 0);
    this.high = (this.high + (high >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    this.low = sum >>> 0;
    return this;
  }

  xor(high: number, low: number): this {
    this.high = (this.high ^ high) >>> 0;
    this.low = (this.low ^ low) >>> 0;
    return this;
  }

  multiply(high: number, low: number): this {
    // Multiplies the low halves in pieces of 16 bits, because their product has 64 bits.
    const aLow = this.low & 0xffff;
    const aHigh = this.low >>> 16;
    const bLow = low & 0xffff;
    const bHigh = low >>> 16;
    const bottom = aLow * bLow;
    const middle = aHigh * bLow + (bottom >>> 16);
    const middle2 = aLow * bHigh + (middle & 0xffff);
    const carried = aHigh * bHigh + Math.floor(middle / 0x1_0000) + Math.floor(middle2 / 0x1_0000);
    this.high = (carried + Math.imul(this.high, low) + Math.imul(this.low, high)) >>> 0;
    this.low = (((middle2 & 0xffff) << 16) | (bottom & 0xffff)) >>> 0;
    return this;
  }

  /** Rotates left. @param count 1 to 31 */
  rotateLeft(count: number): this {
    const { high, low } = this;
    this.high = ((high << count) | (low >>> (32 - count))) >>> 0;
    this.low = ((low << count) | (high >>> (32 - count))) >>> 0;
    return this;
  }

  /** Xors the number with itself shifted right. */
  xorShifted(count: number): this {
    if (count >= 32) return this.xor(0, count === 32 ? this.high : this.high >>> (count - 32));
    return this.xor(this.high >>> count, (this.low >>> count) | (this.high << (32 - count)));
  }

  round(high: number, low: number): this {
    const input = new Word(high, low).multiply(P2_HIGH, P2_LOW);
    return this.add(input.high, input.low).rotateLeft(31).multiply(P1_HIGH, P1_LOW);
  }

  merge(lane: Word): this {
    const round = new Word(0, 0).round(lane.high, lane.low);
    return this.xor(round.high, round.low).multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
}

/** Returns the low 32 bits of the XXH64 of `bytes`. */
export function xxHash64Low(bytes: Uint8Array): number {
  let position = 0;
  const hash = bytes.length < STRIPE_BYTES ? new Word(P5_HIGH, P5_LOW) : new Word(0, 0);
  if (bytes.length >= STRIPE_BYTES) {
    const lanes = [
      new Word(P1_HIGH, P1_LOW).add(P2_HIGH, P2_LOW),
      new Word(P2_HIGH, P2_LOW),
      new Word(0, 0),
      // 0 - P1
      new Word(~P1_HIGH, ~P1_LOW).add(0, 1),
    ] as const;
    for (; position + STRIPE_BYTES <= bytes.length; ) {
      for (const lane of lanes) {
        lane.round(readUint32(bytes, position + 4), readUint32(bytes, position));
        position += 8;
      }
    }
    for (const [index, rotation] of [1, 7, 12, 18].entries()) {
      const lane = lanes[index] as Word;
      const rotated = new Word(lane.high, lane.low).rotateLeft(rotation);
      hash.add(rotated.high, rotated.low);
    }
    for (const lane of lanes) hash.merge(lane);
  }
  hash.add(0, bytes.length);
  for (; position + 8 <= bytes.length; position += 8) {
    const input = new Word(0, 0).round(
      readUint32(bytes, position + 4),
      readUint32(bytes, position),
    );
    hash.xor(input.high, input.low).rotateLeft(27);
    hash.multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
  if (position + 4 <= bytes.length) {
    const input = new Word(0, readUint32(bytes, position)).multiply(P1_HIGH, P1_LOW);
    hash.xor(input.high, input.low).rotateLeft(23);
    hash.multiply(P2_HIGH, P2_LOW).add(P3_HIGH, P3_LOW);
    position += 4;
  }
  for (; position < bytes.length; position += 1) {
    const input = new Word(0, bytes[position] as number).multiply(P5_HIGH, P5_LOW);
    hash.xor(input.high, input.low).rotateLeft(11).multiply(P1_HIGH, P1_LOW);
  }
  hash.xorShifted(33).multiply(P2_HIGH, P2_LOW);
  hash.xorShifted(29).multiply(P3_HIGH, P3_LOW);
  return hash.xorShifted(32).low;
}
