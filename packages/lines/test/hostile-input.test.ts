// Whatever a file holds, reading it ends in records or in one LinesError with a message of one line.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createGrantsCsv,
  createJsonLines,
  LinesError,
  openGrantsCsv,
  openJsonLines,
} from '../src/index.js';
import { chunksOf, errorOf, MemoryStream } from './files.js';
import { SYNC, sampleSync, sourceOf, valuesOf } from './sample-syncs.js';

type Format = 'jsonl' | 'csv';

async function fileOf(format: Format, compression: 'none' | 'gzip' | 'zstd'): Promise<Buffer> {
  const stream = new MemoryStream();
  const create = format === 'csv' ? createGrantsCsv : createJsonLines;
  const writer = create(stream, { compression });
  for await (const batch of sourceOf(sampleSync(SYNC)).batches()) await writer.add(batch);
  await writer.finish();
  await writer.close();
  return stream.bytes;
}

async function readAll(format: Format, bytes: Uint8Array, chunkBytes: number): Promise<void> {
  const open = format === 'csv' ? openGrantsCsv : openJsonLines;
  try {
    await valuesOf(open(chunksOf(bytes, chunkBytes), { name: 'x' }));
  } catch (error) {
    if (!(error instanceof LinesError)) throw error;
    expect(error.message).not.toMatch(/\n/);
    expect(error.message).toMatch(/^x/);
  }
}

/** A change of bytes at an offset: replaced, removed or inserted. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(3),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc
      .constantFrom('"', ',', '{', '}', '[', ':', '\n', '\r', '\\', 'null', '1e999', '\\ud800', '')
      .map((text) => new Uint8Array(Buffer.from(text))),
  ),
});

function changed(
  bytes: Buffer,
  changes: readonly (typeof change extends fc.Arbitrary<infer C> ? C : never)[],
): Buffer {
  let result = bytes;
  for (const { at, removed, inserted } of changes) {
    const from = Math.floor(at * result.length);
    result = Buffer.concat([result.subarray(0, from), inserted, result.subarray(from + removed)]);
  }
  return result;
}

describe.each(['jsonl', 'csv'] as const)('a changed %s file', (format) => {
  test.each([
    ['none', 300],
    ['gzip', 60],
    ['zstd', 60],
  ] as const)('compressed by %s', async (compression, numRuns) => {
    const bytes = await fileOf(format, compression);
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 20, max: 5000 }),
        (changes, chunkBytes) => readAll(format, changed(bytes, changes), chunkBytes),
      ),
      { numRuns },
    );
  });

  test('of any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => readAll(format, bytes, 50)),
    );
  });
});

describe('a line that is nested too deeply', () => {
  const depth = 100_000;
  test.each([
    ['without an end', '['.repeat(depth)],
    [
      'in a profile',
      `{"type":"resource","record":{"sync_id":"${SYNC}","profile":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}}`,
    ],
    [
      'in an unknown name',
      `{"type":"resource","record":{"x":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
    ],
  ])('is one error: %s', async (_what, line) => {
    const source = openJsonLines(chunksOf(gzipSync(line), 1000), { name: 'x' });
    const error = await errorOf(() => valuesOf(source));
    expect(error).toMatchObject({ code: 'SSTITCH_LINES_INVALID', line: 1 });
  });
});
