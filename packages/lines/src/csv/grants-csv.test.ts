import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { createSyncId, formatSyncId } from '@sstitch/keys';
import { type GrantRecord, GrantRecordSchema, type SyncRecord } from '@sstitch/records';
import { describe, expect, test } from 'vitest';
import { chunksOf, errorOf, MemoryStream, testDirectory } from '../../test/files.js';
import {
  batchOf,
  OTHER_SYNC,
  SYNC,
  sampleSync,
  sourceOf,
  valuesOf,
} from '../../test/sample-syncs.js';
import type { NameLookup } from './name-cache.js';
import { type OpenGrantsCsvOptions, openGrantsCsv } from './read-grants-csv.js';
import { createGrantsCsv, type GrantsCsvOptions } from './write-grants-csv.js';

const HEADER =
  'sync_id,principal_type_id,principal_type_name,principal_id,principal_name,entitlement_id,' +
  'entitlement_name,resource_type_id,resource_type_name,resource_id,resource_name,grant_id,' +
  'discovered_at,direct_sources,inherited_sources';

/** Looks up the names of the sample's records. */
function lookupOf(records: readonly SyncRecord[]): NameLookup & { asked: number } {
  const find = async <T extends SyncRecord['$typeName']>(
    type: T,
    isIt: (record: Extract<SyncRecord, { $typeName: T }>) => boolean,
  ) => {
    lookup.asked += 1;
    const found = records.find(
      (record) =>
        record.$typeName === type && isIt(record as Extract<SyncRecord, { $typeName: T }>),
    );
    return found as { displayName: string } | undefined;
  };
  const lookup = {
    asked: 0,
    getResourceType: (_sync: string, id: string) =>
      find('c1.storage.v3.ResourceTypeRecord', ({ externalId }) => externalId === id),
    getResource: (_sync: string, of: { resourceTypeId: string; resourceId: string }) =>
      find(
        'c1.storage.v3.ResourceRecord',
        ({ resourceTypeId, resourceId }) =>
          resourceTypeId === of.resourceTypeId && resourceId === of.resourceId,
      ),
    getEntitlement: (_sync: string, id: string) =>
      find('c1.storage.v3.EntitlementRecord', ({ externalId }) => externalId === id),
  };
  return lookup;
}

async function sheetOf(records: readonly SyncRecord[], options: GrantsCsvOptions = {}) {
  const stream = new MemoryStream();
  const writer = createGrantsCsv(stream, options);
  for await (const batch of sourceOf(records).batches()) await writer.add(batch);
  const written = await writer.finish();
  await writer.close();
  return { text: stream.text, written };
}

function open(text: string | Uint8Array, options: OpenGrantsCsvOptions = {}) {
  return openGrantsCsv(chunksOf(Buffer.from(text), 100), { name: 'x.csv', ...options });
}

async function recordsOf(text: string | Uint8Array, options: OpenGrantsCsvOptions = {}) {
  const records: SyncRecord[] = [];
  for await (const batch of open(text, options).batches()) records.push(...batch.records);
  return records;
}

const readingError = (text: string | Uint8Array) => errorOf(() => valuesOf(open(text)));

/** The header of a sheet with only the required columns. */
const SMALL = 'principal_type_id,principal_id,entitlement_id,resource_type_id,resource_id';

describe('grants as a sheet', () => {
  test('have a row each, with the names of the records they refer to, each looked up once', async () => {
    const records = sampleSync(SYNC);
    const names = lookupOf(records);
    const { text, written } = await sheetOf(records, { names });
    expect(written).toEqual({ syncs: 1, grants: 28 });
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(HEADER);
    expect(lines[1]).toBe(
      `${SYNC},user,USER,plain,,group:plain:member,Member of plain,group,GROUP,plain,Group plain,` +
        'group:plain:member:user:plain,2025-06-15T15:06:45.123456789Z,,',
    );
    expect(lines[2]).toContain(',"a,b;""c""",,');
    expect(lines[3]).toContain(",'=1+1,,");
    expect(text).toContain(',opaque,"group:two\nlines:member;z\0\\;"\r\n');
    expect(names.asked).toBe(2 + 7 + 7 + 4);
    expect((await sheetOf([])).text).toBe(`${HEADER}\r\n`);
  });

  test('begin with a byte order mark if the option asks for it', async () => {
    const { text } = await sheetOf([], { byteOrderMark: true });
    expect(text).toBe(`\ufeff${HEADER}\r\n`);
    expect(await recordsOf(text)).toEqual([]);
  });

  test('are the same file and the same records after they are read and written again', async () => {
    const samples = [...sampleSync(SYNC), ...sampleSync(OTHER_SYNC)];
    const first = (await sheetOf(samples, { names: lookupOf(samples) })).text;
    const records = await recordsOf(first);
    const again = (await sheetOf(records, { names: lookupOf(records) })).text;
    expect(again).toBe(first);
    const byKey = (list: SyncRecord[]) => valuesOf(sourceOf(list)).then((values) => values.sort());
    expect(await byKey(await recordsOf(again))).toEqual(await byKey(records));
  });

  test('create the records they refer to, once each, and a run from the first grant to the last', async () => {
    const records = await recordsOf(
      `${SMALL},principal_name,discovered_at\n` +
        'user,ann,staff:member,group,staff,Ann,2026-01-02T03:04:05Z\n' +
        'user,bob,staff:member,group,staff,Bob,2026-01-01T00:00:00.5Z\n' +
        'group,staff,ops:member,group,ops,,2026-01-03T00:00:00Z\n',
      { syncId: SYNC },
    );
    const names = records.map((record) => [
      record.$typeName.replace(/.*\.|Record$/g, ''),
      'externalId' in record
        ? record.externalId
        : 'resourceId' in record
          ? `${record.resourceTypeId}:${record.resourceId}`
          : '',
    ]);
    expect(names).toEqual([
      ...[
        ['ResourceType', 'user'],
        ['ResourceType', 'group'],
      ],
      ...[
        ['Resource', 'user:ann'],
        ['Resource', 'group:staff'],
        ['Resource', 'user:bob'],
      ],
      ['Resource', 'group:ops'],
      ...[
        ['Entitlement', 'staff:member'],
        ['Entitlement', 'ops:member'],
      ],
      ['Grant', 'staff:member:user:ann'],
      ['Grant', 'staff:member:user:bob'],
      ['Grant', 'ops:member:group:staff'],
      ...[
        ['SyncRun', ''],
        ['SyncStats', ''],
      ],
    ]);
    expect(records.every(({ syncId }) => syncId === SYNC)).toBe(true);
    expect(records.at(-2)).toMatchObject({
      type: 1,
      startedAt: { seconds: 1_767_225_600n, nanos: 500_000_000 },
      endedAt: { seconds: 1_767_398_400n },
    });
    expect(records.at(-1)).toMatchObject({ resources: 4n, grants: 3n, assets: 0n });
  });

  test('get a new sync if they name none, and the time of reading if they have none', async () => {
    const now = new Date('2026-05-06T07:08:09.010Z');
    const [run] = await open(`${SMALL}\nuser,ann,e,group,g\n`, { now }).syncs();
    expect(run?.syncId).toMatch(/^[0-9A-Za-z]{27}$/);
    expect(run?.startedAt).toEqual(run?.endedAt);
    expect(run?.endedAt).toMatchObject({ seconds: 1_778_051_289n, nanos: 10_000_000 });
  });

  test('may be saved by a spreadsheet: semicolons or tabs, a byte order mark, other line ends, columns in any order', async () => {
    const row = 'user,"a,b;\tc",e,group,g';
    const expected = await recordsOf(`${SMALL}\nuser,"a,b;\tc",e,group,g\n`, {
      syncId: SYNC,
      now: new Date(0),
    });
    for (const text of [
      `\ufeff${SMALL}\r\n${row}\r\n\r\n`,
      `${SMALL}\r${row}`,
      `${SMALL.replaceAll(',', ';')}\nuser;"a,b;\tc";e;group;g\n`,
      `${SMALL.replaceAll(',', '\t')}\nuser\t"a,b;\tc"\te\tgroup\tg\n`,
      gzipSync(`${SMALL}\n${row}\n`),
    ]) {
      expect(await recordsOf(text, { syncId: SYNC, now: new Date(0) })).toEqual(expected);
    }
  });

  test('can be read for selected syncs only', async () => {
    const { text } = await sheetOf([...sampleSync(SYNC), ...sampleSync(OTHER_SYNC)]);
    const path = join(testDirectory(), 'grants.csv.gz');
    const writer = createGrantsCsv(path);
    for await (const batch of open(text).batches()) await writer.add(batch);
    await writer.finish();
    await writer.close();
    const source = openGrantsCsv(path);
    expect((await source.syncs()).map(({ syncId }) => syncId)).toEqual([SYNC, OTHER_SYNC]);
    const seen = new Set<string>();
    for await (const { syncId } of source.batches({ syncIds: [OTHER_SYNC] })) seen.add(syncId);
    expect([...seen]).toEqual([OTHER_SYNC]);
    const missing = '000000000000000000000000000';
    const error = await errorOf(async () => {
      for await (const _ of source.batches({ syncIds: [missing] }));
    });
    expect(error.code).toBe('SSTITCH_LINES_SYNC_NOT_FOUND');
    expect(readFileSync(path)[0]).toBe(0x1f);
  });
});

describe('an invalid row', () => {
  const row = 'user,ann,e,group,g';
  test.each<[string, string, number | undefined, string | undefined, RegExp]>([
    ['no header', '', undefined, undefined, /no row of column names/],
    ['an unknown column', `${SMALL},nmae\n`, 1, 'nmae', /unknown column/],
    ['a column twice', `${SMALL},resource_id\n`, 1, 'resource_id', /appears twice/],
    ['a missing column', 'principal_id\n', 1, undefined, /principal_type_id is missing/],
    ['too few cells', `${SMALL}\n${row}\nuser,ann\n`, 3, undefined, /2 cells, .* 5 columns/],
    ['an empty id', `${SMALL}\n${row}\n\nuser,,e,group,g\n`, 4, 'principal_id', /is empty/],
    ['no time', `${SMALL},discovered_at\n${row},1/2/2026\n`, 2, 'discovered_at', /is not a time/],
    ['an invalid sync id', `${SMALL},sync_id\n${row},x\n`, 2, 'sync_id', /"x" is not a sync id/],
    [
      'a source twice',
      `${SMALL},direct_sources\n${row},a;a\n`,
      2,
      'direct_sources',
      /"a" appears twice/,
    ],
    [
      'two names of one record',
      `${SMALL},principal_name\n${row},Ann\n"user","ann",e,group,g,"An\nne"\n${row},Ann\n`,
      3,
      'principal_name',
      /"user ann" has another name than in an earlier row/,
    ],
    [
      'an entitlement with two resources',
      `${SMALL}\n${row}\nuser,ann,e,group,h\n`,
      3,
      'entitlement_id',
      /"e" has another name or resource/,
    ],
    [
      'a bad quote',
      `${SMALL}\n${row}\nuser,"a"b,e,group,g\n`,
      3,
      undefined,
      /quotes inside a cell/,
    ],
    ['an unclosed quote', `${SMALL}\nuser,"a`, 2, undefined, /a quote is not closed/],
  ])('is reported with its line and column: %s', async (_what, text, line, column, message) => {
    const error = await readingError(text);
    expect(error).toMatchObject({ code: 'SSTITCH_LINES_INVALID', path: 'x.csv', line, column });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  test('is reported if it is not UTF-8, as spreadsheets save by default', async () => {
    const text = `${SMALL}\n${row}\nuser,J\xfcrgen,e,group,g\n`;
    expect(await readingError(Buffer.from(text, 'latin1'))).toMatchObject({
      code: 'SSTITCH_LINES_INVALID',
      line: 3,
      message: expect.stringContaining('save the sheet as "CSV UTF-8"'),
    });
    const cut = Buffer.from(`${SMALL}\nuser,ü`);
    expect((await readingError(cut.subarray(0, -1))).line).toBe(2);
    // A replacement character is valid, and so is a character in two chunks.
    const replaced = `${SMALL}\nuser,\ufffd${'ü'.repeat(200)},e,group,g\n`;
    const bytes = Buffer.concat([Buffer.from(replaced), Buffer.from([0xff, 0x0a])]);
    expect((await readingError(bytes)).line).toBe(3);
  });

  test('closes its stream if the stream is not UTF-8', async () => {
    let isClosed = false;
    async function* stream() {
      try {
        yield Buffer.from([0xff]);
        yield Buffer.from('more');
      } finally {
        isClosed = true;
      }
    }
    await errorOf(() => valuesOf(openGrantsCsv(stream())));
    expect(isClosed).toBe(true);
  });

  test('is refused before it is held in memory if it is too long', async () => {
    const long = `${SMALL}\nuser,"${'x'.repeat(5 * 2 ** 20)}`;
    const source = openGrantsCsv(chunksOf(Buffer.from(long), 2 ** 16));
    const error = await errorOf(() => valuesOf(source));
    expect(error.message).toMatch(/line \d: the row is longer than 4194304 characters/);
    const empty = chunksOf(Buffer.from(`${SMALL}\n${','.repeat(5 * 2 ** 20)}`), 2 ** 16);
    const second = await errorOf(() => valuesOf(openGrantsCsv(empty)));
    expect(second.message).toMatch(/line \d: the row is longer than 4194304 characters/);
  });
});

test('a batch of a sheet ends at four million characters, however few rows have them', async () => {
  const long = 'x'.repeat(2 * 2 ** 20);
  const rows = Array.from({ length: 3 }, (_, at) => `${long},${at},e,app,a`);
  const sizes: number[] = [];
  const text = Buffer.from(`${SMALL}\n${rows.join('\n')}\n`);
  for await (const batch of openGrantsCsv(chunksOf(text, 2 ** 16)).batches()) {
    if (batch.bucket === 'grant') sizes.push(batch.length);
  }
  expect(sizes).toEqual([2, 1]);
});

test('a sheet names at most ten thousand syncs', async () => {
  const rows = Array.from({ length: 10_001 }, (_, at) => {
    const payload = Buffer.alloc(16);
    payload.writeUInt32BE(at);
    return `${formatSyncId(createSyncId(new Date('2026-01-02'), payload))},user,ann,e,group,g`;
  });
  const sheet = Buffer.from(`sync_id,${SMALL}\n${rows.join('\n')}\n`);
  const source = openGrantsCsv(chunksOf(sheet, 2 ** 16));
  expect(await errorOf(() => valuesOf(source))).toMatchObject({
    code: 'SSTITCH_LINES_TOO_LARGE',
    line: 10_002,
  });
});

describe('options', () => {
  test('are refused if invalid, and a stream can be read only once', async () => {
    expect(() => openGrantsCsv('x.csv', { syncId: 'x' })).toThrow(/syncId must be a sync id/);
    const source = open(`${SMALL}\n`);
    await source.syncs();
    expect((await errorOf(() => source.syncs())).code).toBe('SSTITCH_LINES_CLOSED');
  });

  test('stop reading and writing when the signal fires', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const error = await errorOf(async () => {
      for await (const _ of open(`${SMALL}\n`).batches({ signal }));
    });
    expect(error).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
    const grant: GrantRecord = create(GrantRecordSchema, { syncId: SYNC });
    const controller = new AbortController();
    const writer = createGrantsCsv(new MemoryStream(), { signal: controller.signal });
    await writer.add(batchOf(grant));
    controller.abort();
    expect((await errorOf(() => writer.finish())).code).toBe('SSTITCH_ABORTED');
    await writer.close();
  });
});
