// Columnar blocks whose columns take a few bytes, whatever the number of rows: each is refused before memory for its
// rows is allocated. One column is padding, as a block has at least a byte for each row.

import { maskedChecksum } from '@sstitch/sst/file-format';
import { describe, expect, it } from 'vitest';
import { encodeColumnarBlock, sameNumbers } from '../../test/encode-columnar-block.js';
import { inputFile } from '../../test/mutate-database.js';
import { checkOptions } from '../options.js';
import { ColumnarDataCursor } from './columnar-data-block.js';
import { readKeyValues } from './key-values.js';
import { readRangeDeletions } from './range-deletions.js';
import { BlockFile } from './stored-block.js';
import { readTableIndex } from './table-index.js';

const ROWS = 100_000;
const PADDING = new Uint8Array(ROWS);
const SAME = [0];
const AT = { path: 'table' };
const [BOOL, UINT, BYTES, PREFIX_BYTES] = [1, 2, 3, 4] as const;

describe('many rows in a few bytes', () => {
  it('are refused in an index of a file that cannot have so many blocks', () => {
    const block = encodeColumnarBlock([], ROWS, [
      [BYTES, SAME],
      [UINT, sameNumbers(7)],
      [UINT, sameNumbers(8)],
      [BYTES, PADDING],
    ]);
    const stored = new Uint8Array(block.length + 5);
    stored.set(block);
    const checksum = maskedChecksum(stored.subarray(0, block.length + 1));
    new DataView(stored.buffer).setUint32(block.length + 1, checksum, true);
    const blocks = new BlockFile(inputFile(stored), 2 ** 20);
    expect(() => readTableIndex(blocks, { offset: 0, length: block.length }, 'columnar')).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_PEBBLE_CORRUPT',
        problem: `an index block has ${ROWS} rows, but the file ${stored.length} bytes`,
      }),
    );
  });

  it('count as what they take, before a data block is decoded', () => {
    const bytes = encodeColumnarBlock([0, 0, 0, 0], ROWS, [
      [PREFIX_BYTES, [0, 0]],
      [BYTES, SAME],
      [UINT, sameNumbers(0x501)],
      [BOOL, []],
      [BYTES, SAME],
      [BOOL, [1]],
      [BOOL, PADDING],
    ]);
    const needed = new ColumnarDataCursor().neededBytes({ bytes, at: AT });
    expect(needed).toBeGreaterThan(20 * ROWS);
  });

  it('are refused as range deletions beyond the limit, and as boundaries without deletions', () => {
    const deletions = (rows: number) =>
      encodeColumnarBlock(new Uint8Array(new Uint32Array([ROWS]).buffer), rows, [
        [BYTES, SAME],
        [UINT, SAME],
        [UINT, sameNumbers(0x50f)],
        [BYTES, SAME],
        [BYTES, PADDING],
      ]);
    const read = (rows: number) => () =>
      readRangeDeletions(
        { bytes: deletions(rows), at: AT },
        'columnar',
        checkOptions({ maxRangeDeletions: 1000 }),
      );
    expect(read(ROWS)).toThrow('maxRangeDeletions');
    expect(read(1000)).toThrow(`has ${ROWS} boundaries for 1000 rows`);
  });

  it('are refused as names of properties', () => {
    const bytes = encodeColumnarBlock([], ROWS, [
      // The offsets of the names, of a byte each.
      [BYTES, [1, 0, ...PADDING]],
      [BYTES, SAME],
    ]);
    expect(() => readKeyValues({ bytes, at: AT }, 'columnar', ['name'])).toThrow('more than 65536');
    const rows = new Uint8Array(3 * ROWS + 8);
    rows[rows.length - 4] = 1;
    expect(() => readKeyValues({ bytes: rows, at: AT }, 'row', ['name'])).toThrow(
      'more than 65536',
    );
  });
});
