// Creates hostile files of format 3: changes one part of a valid file and recomputes the checksums around it,
// so that the reader of the part must detect the change.
import { maskedChecksum } from '@sstitch/sst/file-format';
import { frameHead } from '../src/envelope/zstd-frame.js';
import type { Files } from './format3-databases.js';
import type { Format3 } from './format3-files.js';
import { encodeFormat3, encodeTar } from './format3-files.js';

/** Pseudo-random numbers that depend only on the seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `below` - 1. */
  next(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

const BYTES = [0, 1, 2, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff];

/** Changes a few bytes without changing the length. */
function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let count = 1 + random.next(3); count > 0 && copy.length > 0; count -= 1) {
    // Half of the changes are in the first bytes, because headers are short.
    const reach = random.next(2) === 0 ? Math.min(64, copy.length) : copy.length;
    const position = random.next(reach);
    const kind = random.next(4);
    if (kind === 0) copy[position] = (copy[position] as number) ^ (1 << random.next(8));
    else if (kind === 1) copy[position] = random.pick(BYTES);
    else if (kind === 2) copy.fill(random.pick(BYTES), position, position + 1 + random.next(8));
    else copy.copyWithin(position, random.next(copy.length), random.next(copy.length));
  }
  return copy;
}

/** Changes bytes, and perhaps the length. */
export function rewritten(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.next(bytes.length);
  switch (random.next(5)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return concat([
        bytes.subarray(0, at),
        bytes.subarray(at, at + random.next(100)),
        bytes.subarray(at),
      ]);
    case 2:
      return concat([bytes.subarray(0, at), bytes.subarray(at + random.next(20))]);
    default:
      return changed(bytes, random);
  }
}

export const MUTATIONS = [
  'file',
  'head',
  'manifest',
  'index',
  'frame',
  'tar',
  'names',
  'log',
  'block',
  'table',
] as const;

/** A mutation of a file. */
export type Mutation = (typeof MUTATIONS)[number];

/** Applies a mutation to a file; undefined if it has no part of that kind. */
export function mutate(
  original: Format3,
  mutation: Mutation,
  random: Random,
): Uint8Array | undefined {
  switch (mutation) {
    case 'file':
      return rewritten(encodeFormat3(original), random);
    case 'head': {
      const bytes = encodeFormat3(original);
      return concat([changed(bytes.subarray(0, 40), random), bytes.subarray(40)]);
    }
    case 'manifest':
      return encodeFormat3({ ...original, manifest: changedManifest(random) });
    case 'index':
      return encodeFormat3({
        ...original,
        encoding: 'indexed',
        changeIndex: (index) => changeIndex(index.entries as ChangedEntry[], random),
      });
    case 'frame':
      return withChangedFrame(original, random);
    case 'tar':
      return withChangedTar(original, random);
    case 'names':
      return encodeFormat3({ ...original, files: withChangedNames(original.files, random) });
    default: {
      const files = withChangedFile(original.files, mutation, random);
      return files && encodeFormat3({ ...original, files });
    }
  }
}

function changedManifest(random: Random): NonNullable<Format3['manifest']> {
  return random.pick([
    {
      engine: random.pick(['', 'pebble', 'pebble2', 'pebble3', 'pebble4', '\0', 'x'.repeat(5000)]),
    },
    { payloadEncoding: random.next(300) - 1 },
    { engineSchemaVersion: random.next(2 ** 31) },
  ]);
}

/** A changed entry of the index. */
interface ChangedEntry {
  name: string;
  frameOffset: bigint;
  compressedSize: bigint;
  rawSize: bigint;
  rawXxh64: bigint;
  rawSha256: Uint8Array;
}

const SIZES = [
  -1n,
  0n,
  1n,
  27n,
  2n ** 20n,
  2n ** 31n,
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
];

function changeIndex(entries: ChangedEntry[], random: Random): void {
  const entry = random.pick(entries);
  const other = random.pick(entries);
  const size = random.pick([...SIZES, entry.rawSize + 1n, entry.rawSize - 1n, other.rawSize]);
  switch (random.next(8)) {
    case 0:
      entry.rawSize = size;
      break;
    case 1:
      entry.frameOffset = random.pick([size, other.frameOffset, entry.frameOffset + 1n]);
      break;
    case 2:
      entry.compressedSize = random.pick([size, entry.compressedSize - 1n]);
      break;
    case 3:
      entry.name = random.pick([other.name, '', '../up', '/top', 'a/../b', `${other.name}x`]);
      break;
    case 4:
      entry.rawXxh64 = random.pick([0n, other.rawXxh64]);
      break;
    case 5:
      entry.rawSha256 = new Uint8Array(random.next(40));
      break;
    case 6:
      entries.splice(entries.indexOf(entry), 1);
      break;
    default:
      // Swaps the names of two files.
      [entry.name, other.name] = [other.name, entry.name];
  }
}

/** Damages a frame without changing the index. */
function withChangedFrame(original: Format3, random: Random): Uint8Array {
  const bytes = encodeFormat3({ ...original, encoding: 'indexed' });
  const head = concat([frameHead()]);
  const starts: number[] = [];
  for (let at = 0; at + head.length < bytes.length; at += 1) {
    if (head.every((byte, index) => bytes[at + index] === byte)) starts.push(at);
  }
  const start = random.pick(starts) + random.next(40);
  const end = Math.min(bytes.length - 400, start + 1 + random.next(8));
  if (end <= start) return bytes;
  return concat([
    bytes.subarray(0, start),
    changed(bytes.subarray(start, end), random),
    bytes.subarray(end),
  ]);
}

function withChangedTar(original: Format3, random: Random): Uint8Array {
  const tar = encodeTar(original.files);
  const whole = encodeFormat3({ ...original, encoding: 'tar' });
  const head = whole.subarray(0, whole.length - tar.length);
  const headers: number[] = [];
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    if (Buffer.from(tar.subarray(at + 257, at + 262)).toString() === 'ustar') headers.push(at);
  }
  const at = random.pick(headers);
  const header = changed(tar.subarray(at, at + 512), random);
  if (random.next(4) > 0) sumHeader(header);
  return concat([head, tar.subarray(0, at), header, tar.subarray(at + 512)]);
}

function sumHeader(header: Uint8Array): void {
  header.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
}

function withChangedNames(files: Files, random: Random): Files {
  const copy = new Map(files);
  const name = random.pick([...copy.keys()]);
  const bytes = copy.get(name) as Uint8Array;
  if (random.next(2) === 0) copy.delete(name);
  const renamed = changed(new Uint8Array(Buffer.from(name)), random);
  // Limits the name to what a tar header can hold.
  const text = Buffer.from(renamed).toString('latin1').replaceAll('\0', '_').slice(0, 90);
  return copy.set(text === '' ? '_' : text, bytes);
}

function withChangedFile(
  files: Files,
  mutation: 'log' | 'block' | 'table',
  random: Random,
): Files | undefined {
  const wanted = mutation === 'log' ? /^MANIFEST|\.log$/ : /\.sst$/;
  const names = [...files.keys()].filter(
    (name) => wanted.test(name) && (files.get(name) as Uint8Array).length > 0,
  );
  if (names.length === 0) return undefined;
  const name = random.pick(names);
  const bytes = files.get(name) as Uint8Array;
  if (mutation === 'log') return new Map(files).set(name, withChangedLog(bytes, random));
  if (mutation === 'block') return new Map(files).set(name, withChangedBlock(bytes, random));
  return new Map(files).set(name, rewritten(bytes, random));
}

const LOG_BLOCK_BYTES = 32 * 1024;

/** Changes one chunk of a log, with a matching checksum. */
function withChangedLog(bytes: Uint8Array, random: Random): Uint8Array {
  const chunks: { start: number; end: number }[] = [];
  for (let start = 0; start + 7 <= bytes.length; ) {
    if (LOG_BLOCK_BYTES - (start % LOG_BLOCK_BYTES) < 7) {
      start += LOG_BLOCK_BYTES - (start % LOG_BLOCK_BYTES);
      continue;
    }
    const length = (bytes[start + 4] as number) | ((bytes[start + 5] as number) << 8);
    const type = bytes[start + 6] as number;
    const headerBytes = type <= 4 ? 7 : type <= 8 ? 11 : 19;
    const end = start + headerBytes + length;
    if (type === 0 || end > bytes.length) break;
    chunks.push({ start, end });
    start = end;
  }
  if (chunks.length === 0) return rewritten(bytes, random);
  const { start, end } = random.pick(chunks);
  const payload = changed(bytes.subarray(start + 7, end), random);
  const copy = new Uint8Array(bytes);
  copy.set(payload, start + 7);
  const checksum = maskedChecksum(copy.subarray(start + 6, end));
  new DataView(copy.buffer).setUint32(start, checksum, true);
  return copy;
}

const BLOCKS = new WeakMap<Uint8Array, readonly { start: number; end: number }[]>();

/** The blocks of a table, each from the end of the previous one to a matching checksum. */
function blocksOf(bytes: Uint8Array): readonly { start: number; end: number }[] {
  const known = BLOCKS.get(bytes);
  if (known !== undefined) return known;
  const blocks: { start: number; end: number }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; ; ) {
    let end = start + 1;
    for (; end + 4 <= bytes.length; end += 1) {
      if (view.getUint32(end, true) === maskedChecksum(bytes.subarray(start, end))) break;
    }
    if (end + 4 > bytes.length) break;
    blocks.push({ start, end });
    start = end + 4;
  }
  BLOCKS.set(bytes, blocks);
  return blocks;
}

/** Changes one block of a table, with a matching checksum. */
function withChangedBlock(bytes: Uint8Array, random: Random): Uint8Array {
  const blocks = blocksOf(bytes);
  if (blocks.length === 0) return rewritten(bytes, random);
  const { start, end } = random.pick(blocks);
  const copy = new Uint8Array(bytes);
  // The last byte is the compression of the block, which is rarely changed.
  const reach = random.next(10) === 0 ? end : end - 1;
  copy.set(changed(bytes.subarray(start, reach), random), start);
  new DataView(copy.buffer).setUint32(end, maskedChecksum(copy.subarray(start, end)), true);
  return copy;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
