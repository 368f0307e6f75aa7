import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ZSTDDecoder } from 'zstddec/stream';
import { encodeInWebAssembly, encodeZstd } from './encode-zstd.js';

const decoder = new ZSTDDecoder();
beforeAll(() => decoder.init());

async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** Chunks of bytes that compress well, badly or not at all. */
const chunks = fc.array(
  fc
    .record({
      sizeBytes: fc.oneof(fc.nat(64), fc.nat(300_000)),
      step: fc.constantFrom(0, 1, 2_654_435_761),
    })
    .map(({ sizeBytes, step }) =>
      Uint8Array.from({ length: sizeBytes }, (_, at) => Math.imul(at, step) >>> 24),
    ),
  { maxLength: 6 },
);

describe.each([
  { encoder: 'this Node.js', encode: encodeZstd },
  { encoder: 'WebAssembly', encode: encodeInWebAssembly },
])('a frame of $encoder', ({ encode }) => {
  test('decodes to its chunks', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async (given) => {
        const content = Buffer.concat(given);
        const frame = await bytesOf(encode(given));
        expect(Buffer.compare(decoder.decode(frame, content.length), content)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('is a fraction of a text of records', async () => {
    const text = Array.from({ length: 20_000 }, (_, at) => `grant:${at}:user:${at % 977}\n`);
    const content = new TextEncoder().encode(text.join(''));
    const frame = await bytesOf(encode([content]));
    expect(frame.length).toBeLessThan(content.length / 3);
  });
});
