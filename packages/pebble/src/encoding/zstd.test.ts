import { describe, expect, it } from 'vitest';
import { ByteWriter, text } from '../../test/byte-writer.js';
import { decompressZstd, loadZstd } from './zstd.js';

/** A zstd frame of one raw block, without a content size. */
function rawFrame(content: Uint8Array): Uint8Array {
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (17 - 10) << 3];
  const block = (content.length << 3) | 1;
  const blockHead = [block & 0xff, (block >> 8) & 0xff, (block >> 16) & 0xff];
  return new ByteWriter().raw(head, blockHead, content).done();
}

describe('zstd', () => {
  it('is loaded without side effects on the process', async () => {
    const { fetch } = globalThis;
    await loadZstd();
    await loadZstd();
    expect(globalThis.fetch).toBe(fetch);
  });

  it('decodes a frame only if it has the stated size', async () => {
    await loadZstd();
    const content = text('some content');
    const frame = rawFrame(content);
    expect(decompressZstd(frame, content.length)).toEqual(content);
    expect(decompressZstd(frame, content.length - 1)).toBeUndefined();
    expect(decompressZstd(frame, content.length + 1)).toBeUndefined();
    expect(decompressZstd(frame, 0)).toBeUndefined();
    expect(decompressZstd(frame.subarray(0, -1), content.length)).toBeUndefined();
    expect(decompressZstd(text('not a frame'), 10)).toBeUndefined();
    expect(decompressZstd(new Uint8Array(0), 10)).toBeUndefined();
  });
});
