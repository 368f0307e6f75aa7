// Creates hostile databases: changes one that Pebble wrote, with or without recomputing checksums.

import { maskedChecksum } from '@sstitch/sst/file-format';
import { ByteCursor } from '../src/encoding/byte-cursor.js';
import { readUint32 } from '../src/encoding/fixed-numbers.js';
import { InputFile } from '../src/input-file.js';
import { readLog } from '../src/log/log-reader.js';
import { readFooter } from '../src/table/footer.js';
import { readKeyValues } from '../src/table/key-values.js';
import { BlockFile, type BlockHandle } from '../src/table/stored-block.js';
import { readTableIndex } from '../src/table/table-index.js';
import { type ChunkFormat, encodeLog } from './encode-log.js';
import { DIRECTORY, type Files, MemoryFiles } from './memory-files.js';

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

const MAX_BYTES = [0, 1, 2, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff];

/** Changes a few bytes without changing the length. */
function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  for (let count = 1 + random.next(3); count > 0; count -= 1) {
    // Half of the changes are in the first bytes, because headers are short.
    const reach = random.next(2) === 0 ? Math.min(64, copy.length) : copy.length;
    const position = random.next(reach);
    const kind = random.next(4);
    if (kind === 0) copy[position] = (copy[position] as number) ^ (1 << random.next(8));
    else if (kind === 1) copy[position] = random.pick(MAX_BYTES);
    else if (kind === 2) copy.fill(random.pick(MAX_BYTES), position, position + 1 + random.next(8));
    else copy.copyWithin(position, random.next(copy.length), random.next(copy.length));
  }
  return copy;
}

/** Changes bytes, and perhaps the length. */
export function rewritten(bytes: Uint8Array, random: Random): Uint8Array {
  const kind = random.next(5);
  if (kind === 0) return bytes.slice(0, random.next(bytes.length));
  if (kind === 1) {
    const position = random.next(bytes.length);
    const more = bytes.subarray(position, position + random.next(100));
    return new Uint8Array(
      Buffer.concat([bytes.subarray(0, position), more, bytes.subarray(position)]),
    );
  }
  if (kind === 2) {
    const start = random.next(bytes.length);
    const end = start + random.next(20);
    return new Uint8Array(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]));
  }
  return changed(bytes, random);
}

export type Mutation = 'bytes' | 'manifest' | 'log' | 'block' | 'footer' | 'names';

/** The mutations of a database, and whether its checksums detect each. */
export const MUTATIONS: readonly Mutation[] = [
  'bytes',
  'manifest',
  'log',
  'block',
  'footer',
  'names',
];

/** Applies a mutation to `files`; undefined if they have no part of that kind. */
export function mutate(files: Files, mutation: Mutation, random: Random): Files | undefined {
  const copy = new Map(files);
  const names = (pattern: RegExp) =>
    [...copy]
      .filter(([name, bytes]) => pattern.test(name) && bytes.length > 0)
      .map(([name]) => name);
  const change = (
    pattern: RegExp,
    how: (bytes: Uint8Array, name: string) => Uint8Array | undefined,
  ) => {
    const found = names(pattern);
    if (found.length === 0) return undefined;
    const name = random.pick(found);
    const bytes = how(copy.get(name) as Uint8Array, name);
    return bytes === undefined ? undefined : copy.set(name, bytes);
  };
  switch (mutation) {
    case 'bytes':
      return change(/./, (bytes) => rewritten(bytes, random));
    case 'manifest':
      return change(/^MANIFEST/, (bytes) => relogged(bytes, undefined, 'legacy', random));
    case 'log':
      return change(/\.log$/, (bytes, name) => {
        const format = random.pick<ChunkFormat>(['legacy', 'recyclable', 'sync']);
        return relogged(bytes, Number.parseInt(name, 10), format, random);
      });
    case 'block':
      return change(/\.sst$/, (bytes) => withChangedBlock(bytes, random));
    case 'footer':
      return change(/\.sst$/, (bytes) => withChangedFooter(bytes, random));
    case 'names': {
      const name = random.pick([...copy.keys()]);
      const bytes = copy.get(name) as Uint8Array;
      if (random.next(2) === 0) copy.delete(name);
      const renamed = changed(new Uint8Array(Buffer.from(name)), random);
      return copy.set(Buffer.from(renamed).toString('latin1'), bytes);
    }
  }
}

/** A file of these bytes. */
export function inputFile(bytes: Uint8Array): InputFile {
  return InputFile.open(new MemoryFiles([['file', bytes]]), `${DIRECTORY}/file`, 'the test has it');
}

/** Changes the records of a log, with matching checksums. */
function relogged(
  bytes: Uint8Array,
  logNumber: number | undefined,
  format: ChunkFormat,
  random: Random,
): Uint8Array | undefined {
  const records = [...readLog(inputFile(bytes), { logNumber, tornEnd: 'end' })].map(
    (record) => record.bytes,
  );
  if (records.length === 0) return undefined;
  const index = random.next(records.length);
  const record = records[index] as Uint8Array;
  const kind = random.next(6);
  if (kind === 0) records.splice(index, 1);
  else if (kind === 1) records.splice(index, 0, record);
  else records[index] = rewritten(record, random);
  return encodeLog(records, format, logNumber ?? 0);
}

/** Changes an uncompressed block of a table, with a matching checksum. */
function withChangedBlock(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const blocks = new BlockFile(inputFile(bytes), 2 ** 20);
  const footer = readFooter(blocks);
  if (footer.checksumType !== 'crc32c') return undefined;
  const layout = footer.version >= 5 ? 'columnar' : 'row';
  const handles: BlockHandle[] = [footer.metaindex, footer.index];
  const metaLayout = footer.version >= 6 ? 'columnar' : 'row';
  const metaNames = ['rocksdb.properties', 'rocksdb.range_del2'];
  const meta = readKeyValues(blocks.read(footer.metaindex), metaLayout, metaNames);
  for (const value of meta.values()) {
    handles.push(blocks.readHandle(new ByteCursor(value, 'a handle', { path: '' })));
  }
  const index = readTableIndex(blocks, footer.index, layout);
  for (let row = 0; row < index.count; row += 1) handles.push(index.handle(row));
  const raw = handles.filter(({ offset, length }) => bytes[offset + length] === 0);
  if (raw.length === 0) return undefined;
  const { offset, length } = random.pick(raw);
  const copy = bytes.slice();
  copy.set(changed(bytes.subarray(offset, offset + length), random), offset);
  const checksum = maskedChecksum(copy.subarray(offset, offset + length + 1));
  new DataView(copy.buffer).setUint32(offset + length + 1, checksum, true);
  return copy;
}

/** Changes the footer of a table, with a matching checksum if the version has one. */
function withChangedFooter(bytes: Uint8Array, random: Random): Uint8Array {
  const version = readUint32(bytes, bytes.length - 12);
  const size = version >= 7 ? 61 : version === 6 ? 57 : 53;
  const copy = bytes.slice();
  const footer = changed(copy.subarray(-size), random);
  if (version >= 6) {
    const at = version >= 7 ? 45 : 41;
    const checked = Buffer.concat([footer.subarray(0, at), footer.subarray(at + 4)]);
    new DataView(footer.buffer).setUint32(at, maskedChecksum(checked), true);
  }
  copy.set(footer, copy.length - size);
  return copy;
}
