import { describe, expect, it } from 'vitest';
import { type BatchItem, encodeBatch } from '../../test/encode-batch.js';
import { EditWriter, encodeDatabase } from '../../test/encode-database.js';
import { encodeLog } from '../../test/encode-log.js';
import { encodeRowTable } from '../../test/encode-row-table.js';
import { listDatabase } from '../../test/list-entries.js';
import type { MemoryFiles } from '../../test/memory-files.js';
import type { PebbleOptions } from '../options.js';

const SET = 1;
const DELETE = 0;
const LOG_DATA = 3;
const SINGLE_DELETE = 7;
const RANGE_DELETE = 15;
const INGEST_TABLE = 22;
const DELETE_SIZED = 23;
const EXCISE = 24;

function database(logs: readonly (readonly [string, Uint8Array])[]): MemoryFiles {
  return encodeDatabase([new EditWriter().head().logNumber(5)], logs);
}

function log(number: number, ...batches: Uint8Array[]): readonly [string, Uint8Array] {
  const name = `${String(number).padStart(6, '0')}.log`;
  return [name, encodeLog(batches, 'recyclable', number)];
}

async function keys(files: MemoryFiles, options: PebbleOptions = {}): Promise<string[]> {
  const lines = await listDatabase(files, options);
  return lines.map((line) => Buffer.from(line.split(' ')[0] ?? '', 'hex').toString());
}

const set = (key: string): BatchItem => ({ kind: SET, key, value: `value ${key}` });

describe('the WALs of a database', () => {
  it('are read from the log number of the MANIFEST on, in the order of their numbers', async () => {
    const files = database([
      log(4, encodeBatch(1, [set('flushed')])),
      log(12, encodeBatch(20, [{ kind: DELETE, key: 'a' }, set('c')])),
      log(5, encodeBatch(10, [set('a'), set('b')])),
    ]);
    expect(await keys(files)).toEqual(['b', 'c']);
  });

  it('may hold every kind of deletion, and log data, which takes no sequence number', async () => {
    const files = database([
      log(5, encodeBatch(10, ['a', 'b', 'c', 'd', 'e'].map(set))),
      log(
        6,
        encodeBatch(20, [
          { kind: LOG_DATA, key: 'anything' },
          { kind: SINGLE_DELETE, key: 'a' },
          { kind: DELETE_SIZED, key: 'b', value: '\x07' },
          { kind: RANGE_DELETE, key: 'c', value: 'e' },
          set('d'),
          { kind: RANGE_DELETE, key: 'z', value: 'e' },
        ]),
      ),
    ]);
    expect(await keys(files)).toEqual(['d', 'e']);
  });

  it('may ingest tables, with or without an excise', async () => {
    const excise: BatchItem = { kind: EXCISE, key: 'b', value: 'd' };
    const ingest = (number: number): BatchItem => ({
      kind: INGEST_TABLE,
      key: Uint8Array.of(number),
    });
    const table = (keys: string[]) =>
      encodeRowTable({
        points: keys.map((key) => ({ key, sequence: 0, value: 'ingested' })),
        rangeDeletions: [{ start: 'f', end: 'g', sequence: 0 }],
      });
    const files = database([
      log(5, encodeBatch(10, ['a', 'b', 'c', 'd', 'e', 'f', 'h'].map(set))),
      log(6, encodeBatch(20, [excise, ingest(40), ingest(41)])),
      log(7, encodeBatch(23, [set('e'), { kind: DELETE, key: 'h' }])),
      ['000040.sst', table(['c', 'ca', 'e'])],
      ['000041.sst', table(['ca', 'h', 'i'])],
    ]);
    expect(await keys(files)).toEqual(['a', 'c', 'ca', 'd', 'e', 'i']);
    const lines = await listDatabase(files);
    const values = lines.map((line) => Buffer.from(line.split(' ')[1] ?? '', 'hex').toString());
    expect(values).toEqual(['value a', 'ingested', 'ingested', 'value d', 'value e', 'ingested']);
    files.files.delete('000041.sst');
    await expect(keys(files)).rejects.toMatchObject({ code: 'SSTITCH_PEBBLE_NOT_FOUND' });
  });

  it('may ingest a table only once', async () => {
    const ingest = (number: number): BatchItem => ({
      kind: INGEST_TABLE,
      key: Uint8Array.of(number),
    });
    const table = encodeRowTable({ points: [{ key: 'a', sequence: 0 }] });
    const files = database([
      log(5, encodeBatch(10, [ingest(40)])),
      log(6, encodeBatch(20, [ingest(41), ingest(40)])),
      ['000040.sst', table],
      ['000041.sst', table],
    ]);
    await expect(keys(files)).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_CORRUPT',
      path: '/database/000006.log',
      message: expect.stringContaining('table 40 is ingested again'),
    });
  });

  it('may be empty', async () => {
    expect(await keys(database([['000005.log', new Uint8Array(0)]]))).toEqual([]);
  });

  it('may have a torn end, but only the last one', async () => {
    const whole = log(5, encodeBatch(10, [set('a')]), encodeBatch(11, [set('b')]));
    const torn = [whole[0], whole[1].subarray(0, whole[1].length - 1)] as const;
    await expect(keys(database([torn]))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_CORRUPT',
      path: '/database/000005.log',
      message: expect.stringContaining('tornLogs'),
    });
    expect(await keys(database([torn]), { tornLogs: 'end' })).toEqual(['a']);
    const files = database([torn, log(6, encodeBatch(12, [set('c')]))]);
    await expect(keys(files, { tornLogs: 'end' })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_CORRUPT',
      path: '/database/000005.log',
    });
  });

  it('are bounded in memory', async () => {
    const batch = encodeBatch(
      10,
      Array.from({ length: 50 }, (_, index) => set(`key ${index}`)),
    );
    await expect(keys(database([log(5, batch)]), { maxLogBytes: 10_000 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('maxLogBytes'),
    });
  });

  it.each([
    [2, 'UNSUPPORTED', 'a MERGE entry'],
    [19, 'UNSUPPORTED', 'a RANGEKEYDEL entry'],
    [99, 'CORRUPT', 'the unknown kind 99'],
  ])('are refused with entries of kind %d', async (kind, code, problem) => {
    const files = database([log(5, encodeBatch(10, [{ kind, key: 'a', value: 'b' }]))]);
    await expect(keys(files)).rejects.toMatchObject({
      code: `SSTITCH_PEBBLE_${code}`,
      message: expect.stringContaining(problem),
      offset: 0,
    });
  });

  it.each([
    ['is truncated', new Uint8Array(11)],
    ['has 1 entries, but claims 2', encodeBatch(10, [set('a')], 2)],
    ['is truncated: it claims', encodeBatch(10, [set('a')]).subarray(0, -1)],
    ['has a sequence above 2^53', new Uint8Array(12).fill(0xff)],
  ])('are refused with a batch that %s', async (problem, batch) => {
    await expect(keys(database([log(5, batch)]))).rejects.toThrow(problem);
  });

  it('are refused if they have several files', async () => {
    await expect(keys(database([['000005-001.log', new Uint8Array(0)]]))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_UNSUPPORTED',
      message: expect.stringContaining('failed over'),
    });
  });
});
