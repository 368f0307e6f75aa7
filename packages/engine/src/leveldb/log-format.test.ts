// The ends and the damage of logs: small logs are truncated, flipped, zeroed and extended at every byte.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../errors.js';
import {
  FIRST,
  FULL,
  LOG_BLOCK_SIZE_BYTES,
  LOG_HEADER_SIZE_BYTES,
  readLogFragments,
  readLogRecords,
  writeLogRecords,
} from './log-format.js';
import { memorySource } from './log-source.js';

const record = (size: number, fill: number) => new Uint8Array(size).fill(fill);
const SMALL = [record(40, 1), record(60, 2), record(50, 3)];
const LOG = writeLogRecords(SMALL);
/** The offsets of the records. */
const STARTS = [0, 47, 114];

/** Reads a log: its complete records, and the offset of an incomplete end or of damage. */
function read(bytes: Uint8Array, lastMayBeBroken = true) {
  let records = 0;
  const fragments = readLogFragments(memorySource(bytes), 'a.log', { lastMayBeBroken });
  try {
    for (;;) {
      const next = fragments.next();
      if (next.done) return { records, tornAt: next.value };
      if (next.value.type === FULL || next.value.type > FIRST + 1) records++;
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    expect([error.code, error.path]).toEqual(['SSTITCH_STORE_CORRUPT', 'a.log']);
    return { records, damageAt: error.offset };
  }
}

const recordsBefore = (position: number) => [47, 114, 171].filter((end) => end <= position).length;

describe('a log', () => {
  test('that is truncated anywhere ends with the last complete record', () => {
    for (let size = 0; size <= LOG.length; size++) {
      const records = recordsBefore(size);
      const tornAt = [0, 47, 114, 171].includes(size) ? undefined : STARTS[records];
      expect(read(LOG.subarray(0, size))).toEqual({ records, tornAt });
    }
  });

  test('in which one byte is flipped before the last record is damaged there', () => {
    for (let at = 0; at < 114; at++) {
      const bytes = LOG.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      const records = recordsBefore(at);
      expect(read(bytes)).toEqual({ records, damageAt: STARTS[records] });
    }
  });

  test('whose last record is damaged ends there, as after a power cut', () => {
    for (let at = 114; at < LOG.length; at++) {
      const bytes = LOG.slice();
      bytes.fill(0, at);
      expect(read(bytes)).toEqual({ records: 2, tornAt: 114 });
      bytes.fill(0xa7, at);
      const outcome = read(bytes);
      // A wrong length is detected even if all else is right.
      expect([
        { records: 2, tornAt: 114 },
        { records: 2, damageAt: 114 },
      ]).toContainEqual(outcome);
      expect(read(bytes, false).records).toBe(2);
    }
  });

  test('of a MANIFEST, which is fsynced at each record, is damaged if its last record is', () => {
    const bytes = LOG.slice();
    bytes[160] = 9;
    expect(read(bytes, false)).toEqual({ records: 2, damageAt: 114 });
  });

  test('that ends in zeros ends where they begin, but zeros before a record are damage', () => {
    const padded = new Uint8Array(3 * LOG_BLOCK_SIZE_BYTES);
    padded.set(LOG);
    expect(read(padded)).toEqual({ records: 3, tornAt: LOG.length });
    padded.set(LOG, 2 * LOG_BLOCK_SIZE_BYTES);
    expect(read(padded)).toEqual({ records: 3, damageAt: LOG.length });
    // Anywhere in a block, not only at its beginning.
    const shifted = new Uint8Array(LOG_BLOCK_SIZE_BYTES);
    shifted.set(LOG);
    shifted.set(LOG.subarray(0, 47), 5000);
    expect(read(shifted)).toEqual({ records: 3, damageAt: LOG.length });
  });

  test('of records that span blocks is damaged by a changed byte in any block but the last', () => {
    const large = writeLogRecords([record(100_000, 1), record(10, 2), record(70_000, 3)]);
    const end = 100_000 + 4 * LOG_HEADER_SIZE_BYTES;
    for (let at = 100; at < end; at += 4999) {
      const bytes = large.slice();
      bytes[at] = 77;
      const { damageAt = -1 } = read(bytes);
      expect([damageAt <= at, damageAt > at - LOG_BLOCK_SIZE_BYTES]).toEqual([true, true]);
    }
    const split = read(large.subarray(0, large.length - 50_000));
    expect(split.records).toBe(2);
  });

  test('continues after an empty first fragment, which old writers left at the end of a block', () => {
    const fills = writeLogRecords([record(LOG_BLOCK_SIZE_BYTES - 2 * LOG_HEADER_SIZE_BYTES, 1)]);
    // A full fragment in the place of the last one.
    const empty = writeLogRecords([
      record(LOG_BLOCK_SIZE_BYTES - 2 * LOG_HEADER_SIZE_BYTES, 1),
      record(9, 2),
    ]).subarray(0, LOG_BLOCK_SIZE_BYTES);
    expect(empty.length).toBe(LOG_BLOCK_SIZE_BYTES);
    const bytes = new Uint8Array([...empty, ...writeLogRecords([record(9, 3)])]);
    expect(fills.length).toBe(LOG_BLOCK_SIZE_BYTES - LOG_HEADER_SIZE_BYTES);
    const records = [...readLogRecords(bytes, 'a.log')];
    expect(records.map(({ data }) => data[0])).toEqual([1, 3]);
  });
});
