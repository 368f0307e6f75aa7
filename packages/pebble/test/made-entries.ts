// Creates entries for tests of the writer.

import fc from 'fast-check';
import type { DatabaseFile, Entry, FileSink } from '../src/index.js';
import type { Files } from './memory-files.js';

/** Creates `count` entries of about 40 bytes each, unless their values are larger. */
export function numberedEntries(count: number, valueBytes = 20): Entry[] {
  return Array.from({ length: count }, (_, number) => ({
    key: Buffer.from(`key ${String(number).padStart(9, '0')}`),
    value: pseudoRandomBytes(number, valueBytes),
  }));
}

/** Incompressible bytes that depend only on the seed (xorshift32). */
function pseudoRandomBytes(seed: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = (seed + 1) * 0x9e3779b1;
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** Arbitrary sorted entries: keys of few and of many distinct bytes; empty, small and large values. */
export function entriesInOrder(): fc.Arbitrary<Entry[]> {
  const bytes = fc.constantFrom(0, 1, 0x61, 0xfe, 0xff);
  const fewBytes = fc.array(bytes, { minLength: 1, maxLength: 6 });
  const key = fc.oneof(
    { weight: 4, arbitrary: fewBytes },
    { weight: 1, arbitrary: fc.array(fc.nat(255), { minLength: 1, maxLength: 400 }) },
  );
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 60 }) },
    { weight: 1, arbitrary: fc.nat(90_000).map((count) => pseudoRandomBytes(count, count)) },
  );
  return fc
    .uniqueArray(fc.tuple(key, value), {
      selector: ([bytes]) => Buffer.from(bytes).toString('hex'),
      maxLength: 80,
    })
    .map((drafts) =>
      drafts
        .map(([bytes, content]) => ({ key: Uint8Array.from(bytes), value: content }))
        .sort((a, b) => Buffer.compare(a.key, b.key)),
    );
}

/** Formats each entry as "key value" in hex. */
export function linesOf(entries: Iterable<Entry>): string[] {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return Array.from(entries, ({ key, value }) => `${hex(key)} ${hex(value)}`);
}

/** A sink that keeps the files. */
export function keptFiles(): { readonly files: Files; readonly sink: FileSink } {
  const files: Files = new Map();
  const sink = ({ name, sizeBytes, chunks }: DatabaseFile) => {
    const bytes = new Uint8Array(Buffer.concat(chunks));
    if (bytes.length !== sizeBytes) throw new Error(`${name} does not have ${sizeBytes} bytes`);
    files.set(name, bytes);
  };
  return { files, sink };
}
