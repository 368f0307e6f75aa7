// Mutated envelopes of format 3, with matching checksums: whatever the change, the parts of the envelope are read or
// refused with a C1zError. Each input costs microseconds, so that there can be tens of thousands of them; the changes of
// whole files (hostile-files.test.ts) also read what is inside.
//
// SSTITCH_PARTS_COUNT sets the number for each part, SSTITCH_FUZZ_SEED the first seed.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutEntries, tableDatabase } from '../../test/format3-databases.js';
import { encodeFormat3 } from '../../test/format3-files.js';
import { Random, rewritten } from '../../test/mutate-format3.js';
import { FIRST_SYNC, smallSync } from '../../test/small-syncs.js';
import { C1zError } from '../errors.js';
import { checkLimits } from '../options.js';
import { readFrameIndex } from './frame-index.js';
import type { InputFile } from './input-range.js';
import { readManifest } from './manifest.js';
import { readTarIndex } from './tar-index.js';
import { loadXxhash, xxhash64 } from './xxhash64.js';

const COUNT = Number(process.env['SSTITCH_PARTS_COUNT'] ?? 5000);
const FIRST_SEED = Number(process.env['SSTITCH_FUZZ_SEED'] ?? 1);
const FOOTER_BYTES = 28;

/** A file, of which a range is mutated. */
interface Part {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Makes the rest of a file match its new range. */
  readonly mend: (bytes: Uint8Array, start: number) => void;
  readonly read: (file: InputFile) => void;
}

const parts = new Map<string, Part>();
let directory: string;
let fileDescriptor: number;

beforeAll(async () => {
  await loadXxhash();
  directory = mkdtempSync(join(tmpdir(), 'sstitch-envelopes-'));
  fileDescriptor = openSync(join(directory, 'some.c1z'), 'w+');
  const files = await tableDatabase(layoutEntries('pebble3', smallSync(FIRST_SYNC)));
  const indexed = encodeFormat3({ engine: 'pebble3', encoding: 'indexed', files });
  const tar = encodeFormat3({ engine: 'pebble3', encoding: 'tar', files });
  const payloadStart = readManifest(put(indexed)).payloadStart;
  const nothing = () => {};
  parts.set('a head', {
    bytes: indexed,
    start: 5,
    end: payloadStart,
    mend: nothing,
    read: readIndexed,
  });
  parts.set('an index', {
    bytes: indexed,
    start: Number(new DataView(indexed.buffer).getBigUint64(indexed.length - FOOTER_BYTES)),
    end: indexed.length - FOOTER_BYTES,
    mend: mendIndex,
    read: readIndexed,
  });
  parts.set('the end of an index', {
    bytes: indexed,
    start: indexed.length - FOOTER_BYTES,
    end: indexed.length,
    mend: nothing,
    read: readIndexed,
  });
  parts.set('a tar', {
    bytes: tar,
    start: payloadStart,
    end: tar.length,
    mend: nothing,
    read: readTar,
  });
});

afterAll(() => {
  closeSync(fileDescriptor);
  rmSync(directory, { recursive: true });
});

function put(bytes: Uint8Array): InputFile {
  writeSync(fileDescriptor, bytes, 0, bytes.length, 0);
  ftruncateSync(fileDescriptor, bytes.length);
  return { fileDescriptor, path: 'some.c1z', fileBytes: bytes.length };
}

function readIndexed(file: InputFile): void {
  const limits = checkLimits({}, 3, file.fileBytes);
  for (const { start, end } of readFrameIndex(file, readManifest(file), limits).values()) {
    if (start > end || end > file.fileBytes) throw new Error('a frame lies outside the file');
  }
}

function readTar(file: InputFile): void {
  const { payloadStart: start } = readManifest(file);
  for (const { start: from, sizeBytes } of readTarIndex({
    ...{ file, part: 'tar', start, end: file.fileBytes },
  }).values()) {
    if (from + sizeBytes > file.fileBytes) throw new Error('an entry lies outside the file');
  }
}

/** Writes the length and the checksum of a changed index. */
function mendIndex(bytes: Uint8Array, start: number): void {
  const end = bytes.length - FOOTER_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(end + 8, end - start);
  view.setBigUint64(end + 12, xxhash64(bytes.subarray(start, end)));
}

describe.each(['a head', 'an index', 'the end of an index', 'a tar'])('%s', (name) => {
  it(`that is changed is read or refused, ${COUNT} times`, () => {
    // `beforeAll` makes every part that is named here.
    const { bytes, start, end, mend, read } = parts.get(name) as Part;
    read(put(bytes));
    let refused = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
      const changed = rewritten(bytes.subarray(start, end), new Random(seed));
      const whole = new Uint8Array(start + changed.length + bytes.length - end);
      whole.set(bytes.subarray(0, start));
      whole.set(changed, start);
      whole.set(bytes.subarray(end), start + changed.length);
      mend(whole, start);
      try {
        read(put(whole));
      } catch (error) {
        if (!(error instanceof C1zError)) throw new Error(`seed ${seed}`, { cause: error });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
