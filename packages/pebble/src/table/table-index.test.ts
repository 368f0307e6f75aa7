import { maskedChecksum } from '@sstitch/sst/file-format';
import { describe, expect, it } from 'vitest';
import { inputFile } from '../../test/mutate-database.js';
import { BlockFile } from './stored-block.js';
import { readTableIndex } from './table-index.js';

describe('a row index of millions of short keys', () => {
  it('takes about the memory that is counted for its rows', () => {
    const rows = 3_000_000;
    // Each row has the empty user key and the handle 0, 0; all but the first share the 8 bytes after it.
    const first = [0, 8, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const rowBytes = 5;
    const length = first.length + (rows - 1) * rowBytes + 8;
    // The file has room for a block for each row.
    const stored = new Uint8Array(6 * rows);
    for (let at = first.length; at < length - 8; at += rowBytes) stored.set([8, 0, 2], at);
    stored.set(first);
    const view = new DataView(stored.buffer);
    view.setUint32(length - 4, 1, true);
    view.setUint32(length + 1, maskedChecksum(stored.subarray(0, length + 1)), true);
    const blocks = new BlockFile(inputFile(stored), 2 ** 26);
    const before = process.memoryUsage.rss();
    const index = readTableIndex(blocks, { offset: 0, length }, 'row');
    expect(index.count).toBe(rows);
    expect(process.memoryUsage.rss() - before).toBeLessThan(3 * index.heldBytes);
  });
});
