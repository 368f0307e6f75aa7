import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { GrantRecordSchema, RecordBatch, type SyncRecord } from '@sstitch/records';
import { describe, expect, test } from 'vitest';
import { chunksOf, errorOf, MemoryStream, testDirectory } from '../../test/files.js';
import {
  batchOf,
  OTHER_SYNC,
  SYNC,
  sampleSync,
  sourceOf,
  valuesOf,
  valuesOfRecords,
} from '../../test/sample-syncs.js';
import type { OutputOptions } from '../streams/write-output.js';
import { openJsonLines } from './read-json-lines.js';
import { createJsonLines } from './write-json-lines.js';

async function linesOf(
  records: readonly SyncRecord[],
  options: OutputOptions = {},
): Promise<Buffer> {
  const stream = new MemoryStream();
  const writer = createJsonLines(stream, options);
  for (const record of records) await writer.add(batchOf(record));
  await writer.finish();
  await writer.close();
  return stream.bytes;
}

function open(text: string | Uint8Array, chunkBytes = 50) {
  return openJsonLines(chunksOf(Buffer.from(text), chunkBytes), { name: 'x.jsonl' });
}

/** The error of reading a text to its end. */
function readingError(text: string | Uint8Array) {
  return errorOf(() => valuesOf(open(text)));
}

const HEADER = '{"type":"header","format":"sstitch-jsonl","version":1}';
const grant = (id: string) =>
  `{"type":"grant","record":{"sync_id":"${SYNC}","external_id":"${id}"}}`;
const end = (records: number) => `{"type":"end","records":${records}}`;

describe('syncs as JSON Lines', () => {
  test.each([
    ['uncompressed', undefined, ''],
    ['by gzip', 'gzip', '.gz'],
    ['by zstd', 'zstd', '.zst'],
  ] as const)('keep every byte and their order: %s', async (_how, compression, ending) => {
    const records = [...sampleSync(SYNC), ...sampleSync(OTHER_SYNC)];
    const values = valuesOfRecords(records);
    const bytes = await linesOf(records, { compression });
    for (const chunkBytes of [1, 1000, 2 ** 20]) {
      expect(await valuesOf(open(bytes, chunkBytes))).toEqual(values);
    }
    const path = join(testDirectory(), `syncs.jsonl${ending}`);
    const writer = createJsonLines(path);
    for await (const batch of sourceOf(records).batches()) await writer.add(batch);
    expect(await writer.finish()).toEqual({ syncs: 2, records: records.length });
    await writer.close();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(await valuesOf(openJsonLines(path))).toEqual(values);
  });

  test('match the lines in docs/formats/json-lines.md', async () => {
    const records = [create(GrantRecordSchema, { syncId: SYNC, externalId: 'g1' })];
    expect(String(await linesOf(records))).toBe(`${HEADER}\n${grant('g1')}\n${end(1)}\n`);
    expect(String(await linesOf([]))).toBe(`${HEADER}\n${end(0)}\n`);
  });

  test('keep the bytes of records that another program wrote', async () => {
    const value = new Uint8Array([0x12, 1, 0x67, 0x0a, 27, ...Buffer.from(SYNC), 0xf8, 0x7f, 1]);
    const stream = new MemoryStream();
    const writer = createJsonLines(stream);
    await writer.add(RecordBatch.ofValues(SYNC, 'grant', [value]));
    await writer.finish();
    const [line] = await valuesOf(open(stream.bytes));
    expect(line).toBe(`${SYNC} grant ${Buffer.from(value).toString('hex')}`);
  });

  test('are read in batches of one sync and one bucket, of bounded size', async () => {
    const records = [
      ...sampleSync(SYNC),
      ...Array.from({ length: 600 }, (_, at) =>
        create(GrantRecordSchema, { syncId: SYNC, externalId: `more ${at}` }),
      ),
    ];
    const lengths: number[] = [];
    for await (const batch of open(await linesOf(records)).batches()) lengths.push(batch.length);
    expect(Math.max(...lengths)).toBe(250);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(records.length);
  });

  test('can be read for selected syncs, and for their runs only', async () => {
    const path = join(testDirectory(), 'syncs.jsonl');
    writeFileSync(path, await linesOf([...sampleSync(SYNC), ...sampleSync(OTHER_SYNC)]));
    const source = openJsonLines(path);
    expect((await source.syncs()).map(({ syncId }) => syncId)).toEqual([SYNC, OTHER_SYNC]);
    const seen = new Set<string>();
    for await (const { syncId } of source.batches({ syncIds: [OTHER_SYNC] })) seen.add(syncId);
    expect([...seen]).toEqual([OTHER_SYNC]);
    const missing = '000000000000000000000000000';
    const error = await errorOf(async () => {
      for await (const _ of source.batches({ syncIds: [missing, SYNC] }));
    });
    expect(error).toMatchObject({ code: 'SSTITCH_LINES_SYNC_NOT_FOUND', path });
    expect(error.message).toContain(`the file holds no record of sync ${missing}, only of ${SYNC}`);
  });

  test('may be concatenated in one stream, and have empty lines, CRLF and a byte order mark', async () => {
    const one = String(await linesOf(sampleSync(SYNC)));
    const both = await valuesOf(open(`\ufeff${one}\n \n${one.replaceAll('\n', '\r\n')}`));
    expect(both).toEqual(valuesOfRecords([...sampleSync(SYNC), ...sampleSync(SYNC)]));
  });

  test('may have no header and no end, as lines that other tools have selected', async () => {
    expect(await valuesOf(open(`${grant('a')}\n${grant('b')}`))).toHaveLength(2);
    // A file from before the header was introduced.
    const old = `{"type":"grant","record":{"sync_id":"${SYNC}","annotations":[{"typeUrl":"t","value":"AA=="}]}}`;
    expect(await valuesOf(open(old))).toHaveLength(1);
    expect(await valuesOf(open(''))).toEqual([]);
  });

  test('can be read only once from a stream', async () => {
    const source = open(grant('a'));
    await valuesOf(source);
    expect((await errorOf(() => valuesOf(source))).code).toBe('SSTITCH_LINES_CLOSED');
  });
});

describe('an invalid line', () => {
  test.each<[string, string, number, RegExp]>([
    ['is not JSON', 'nonsense', 1, /it is not JSON: "n" is not expected/],
    ['has one comma too many', `${grant('b').slice(0, -1)},}`, 86, /it is not JSON: "}" is not/],
    ['is truncated', grant('b').slice(0, 30), 31, /it is not JSON: it ends too early/],
    ['is a list', '[]', 1, /it is not a JSON object/],
    ['has an unknown type', '{"type":"group"}', 2, /"type" is not one of/],
    ['has no sync id', '{"type":"grant","record":{}}', 17, /"" is not a sync id/],
    [
      'has a wrong sync id',
      '{"type":"grant","record":{"external_id":"x","sync_id":"y"}}',
      45,
      /"y" is not a sync id/,
    ],
    [
      'has an unknown field',
      `{"type":"grant", "record": {"sync_id":"${SYNC}", "extra": 1}}`,
      70,
      /key "extra" is unknown/,
    ],
    [
      'holds a lone surrogate in a profile',
      `{"type":"resource","record":{"sync_id":"${SYNC}","profile":{"a":"\\ud800"}}}`,
      70,
      /lone surrogate/,
    ],
    ['holds a lone surrogate', grant('\\ud800'), 67, /invalid UTF8/],
  ])('is reported with its number and column: it %s', async (_what, line, column, message) => {
    const error = await readingError(`${HEADER}\n${grant('a')}\n\n${line}\n${end(2)}\n`);
    expect(error).toMatchObject({
      code: 'SSTITCH_LINES_INVALID',
      path: 'x.jsonl',
      line: 4,
      column,
    });
    expect(error.message).toMatch(/^x\.jsonl, line 4, column \d+: [^\n]*$/);
    expect(error.message).toMatch(message);
  });

  test('is reported if it is not UTF-8', async () => {
    const bytes = Buffer.from(`${HEADER}\n${grant('�X')}\n${end(1)}\n`);
    bytes[bytes.indexOf('X')] = 0xff;
    const column = grant('�X').indexOf('X') + 1;
    expect(await readingError(bytes)).toMatchObject({
      line: 2,
      column,
      problem: 'it is not UTF-8',
    });
  });

  test('is reported if it is not UTF-8, however many replacement characters come before', async () => {
    const characters = 2 ** 18;
    const line = Buffer.concat([Buffer.from('\ufffd'.repeat(characters)), Buffer.from([0xff])]);
    const source = openJsonLines(chunksOf(line, line.length));
    expect((await errorOf(() => valuesOf(source))).column).toBe(characters + 1);
  });

  test('is refused before it is held in memory if it is too long', async () => {
    const source = openJsonLines(chunksOf(Buffer.from(`{}\n${'x'.repeat(1000)}`), 100), {
      maxLineBytes: 500,
    });
    const error = await errorOf(() => valuesOf(source));
    // The first line is invalid too; a line that is too long is not even split.
    expect(error.message).toMatch(/^line [12](, column \d+)?: /);
    const long = openJsonLines(chunksOf(Buffer.from('x'.repeat(1000)), 100), { maxLineBytes: 500 });
    expect(await errorOf(() => valuesOf(long))).toMatchObject({
      code: 'SSTITCH_LINES_TOO_LARGE',
      line: 1,
    });
  });

  test('is not searched for its column if it is long', async () => {
    const line = grant('x'.repeat(2 ** 20)).slice(0, -1);
    expect(await readingError(line)).toMatchObject({ line: 1, column: undefined });
  });
});

describe('an incomplete file', () => {
  const whole = `${HEADER}\n${grant('a')}\n${grant('b')}\n${end(2)}\n`;

  test.each([
    ['is truncated', whole.slice(0, whole.indexOf('{"type":"end"')), 'SSTITCH_LINES_CUT_OFF', 3],
    ['lacks a line', whole.replace(`${grant('b')}\n`, ''), 'SSTITCH_LINES_INVALID', 3],
    ['has an extra line', `${whole}${grant('c')}\n`, 'SSTITCH_LINES_INVALID', 5],
    ['has a header inside', `${grant('a')}\n${whole}`, 'SSTITCH_LINES_INVALID', 2],
    ['has an end but no header', `${grant('a')}\n${end(1)}\n`, 'SSTITCH_LINES_INVALID', 2],
    ['has another format', whole.replace('sstitch-jsonl', 'other'), 'SSTITCH_LINES_INVALID', 1],
    ['has no version', whole.replace(',"version":1', ''), 'SSTITCH_LINES_INVALID', 1],
  ])('is refused: it %s', async (_what, text, code, line) => {
    expect(await readingError(text)).toMatchObject({ code, line });
  });

  test('is refused with its version if that is later', async () => {
    expect(await readingError(whole.replace('"version":1', '"version":2'))).toMatchObject({
      code: 'SSTITCH_LINES_VERSION_UNSUPPORTED',
      message: expect.stringContaining('the file has version 2, but 1 is the latest'),
    });
  });
});

describe('writing', () => {
  test('leaves no file of a failed transfer, and refuses bytes that are not a record', async () => {
    const directory = testDirectory();
    const writer = createJsonLines(join(directory, 'a.jsonl'));
    await writer.add(batchOf(create(GrantRecordSchema, { syncId: SYNC })));
    const bad = RecordBatch.ofValues(SYNC, 'grant', [new Uint8Array([0xff])]);
    expect((await errorOf(() => writer.add(bad))).code).toBe('SSTITCH_LINES_NOT_REPRESENTABLE');
    await writer.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('refuses invalid options before it creates a file', async () => {
    const directory = testDirectory();
    const path = join(directory, 'a');
    expect(() => createJsonLines(path, { compression: 'lz4' as never })).toThrow(
      /compression must/,
    );
    // A stream opens its file asynchronously.
    await setTimeout(50);
    expect(readdirSync(directory)).toEqual([]);
    expect(() => openJsonLines('a', { maxLineBytes: 0 })).toThrow(/maxLineBytes must be/);
  });

  test('ends when the signal fires', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const error = await errorOf(async () => createJsonLines(new MemoryStream(), { signal }));
    expect(error).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
  });
});
