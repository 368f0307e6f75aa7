// Faults in the envelope of a format 3 file, part by part: each is one error that says where it is and what to do.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Files, layoutEntries, tableDatabase } from '../../test/format3-databases.js';
import {
  encodeFormat3,
  encodeTar,
  type Format3,
  type TarHeaderOptions,
  tarHeader,
} from '../../test/format3-files.js';
import { readContents } from '../../test/read-contents.js';
import { FIRST_SYNC, smallSync } from '../../test/small-syncs.js';
import { C1zError } from '../errors.js';
import type { C1zOptions } from '../options.js';
import { loadXxhash } from './xxhash64.js';

let directory: string;
let path: string;
let files: Files;
beforeAll(async () => {
  await loadXxhash();
  directory = await mkdtemp(join(tmpdir(), 'format3-envelope-'));
  path = join(directory, 'some.c1z');
  files = await tableDatabase(layoutEntries('pebble3', smallSync(FIRST_SYNC)));
});
afterAll(() => rm(directory, { recursive: true }));

const encode = (format3: Partial<Format3> = {}) =>
  encodeFormat3({ engine: 'pebble3', encoding: 'indexed', files, ...format3 });

async function refusal(bytes: Uint8Array, options: C1zOptions = {}): Promise<C1zError> {
  await writeFile(path, bytes);
  await rm(join(directory, 'payload.tar'), { force: true });
  try {
    await readContents(path, directory, options);
  } catch (error) {
    if (error instanceof C1zError) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

const AGAIN = 'copy the file again from its origin';

describe('a manifest', () => {
  test('that is too long is refused before it is read', async () => {
    const bytes = encode();
    new DataView(bytes.buffer).setUint32(5, 2 ** 31);
    expect(await refusal(bytes)).toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      part: 'manifest',
      offset: 5,
      problem: expect.stringContaining('claims 2147483648 bytes, but 16777216 is the limit'),
    });
  });

  test('that is truncated is refused', async () => {
    expect(await refusal(encode().subarray(0, 12))).toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      part: 'manifest',
      offset: 9,
      problem: expect.stringContaining('but 3 follow: the file was truncated'),
    });
  });

  test('that is not a message is refused', async () => {
    const bytes = encode();
    bytes.fill(0xff, 9, 13);
    expect(await refusal(bytes)).toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      part: 'manifest',
      problem: expect.stringMatching(/^the manifest is not a c1\.c1z\.v3\.C1ZManifestV3: .*; copy/),
    });
  });

  test.each([0, 3, 4, 99])(
    'with payload encoding %d is refused with the number',
    async (number) => {
      const error = await refusal(encode({ manifest: { payloadEncoding: number } }));
      expect(error).toMatchObject({
        code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
        problem: `the payload has the unknown encoding ${number}: read the file with a newer @sstitch/c1z`,
      });
    },
  );
});

describe('an index', () => {
  interface Entry {
    name: string;
    frameOffset: bigint;
    compressedSize: bigint;
    rawSize: bigint;
    rawXxh64: bigint;
    rawSha256: Uint8Array;
  }
  const changed = (change: (entry: Entry, all: Entry[]) => void) =>
    encode({
      changeIndex: (index) => {
        const entries = index.entries as Entry[];
        change(entries[0] as Entry, entries);
      },
    });

  test.each<[string, (entry: Entry, all: Entry[]) => void, string]>([
    [
      'with a frame outside the payload',
      (entry) => {
        entry.frameOffset = 3n;
      },
      'the frame of 000001.sst is at byte 3 with',
    ],
    [
      'with a frame without an end',
      (entry) => {
        entry.compressedSize = 2n ** 62n;
      },
      'outside the payload',
    ],
    [
      'with an impossible size',
      (entry) => {
        entry.rawSize = -1n;
      },
      '000001.sst has the size -1',
    ],
    [
      'with half a SHA-256',
      (entry) => {
        entry.rawSha256 = new Uint8Array(16);
      },
      'the SHA-256 of 000001.sst has 16 bytes, not 32',
    ],
    [
      'with one name twice',
      (entry, all) => {
        (all[1] as Entry).name = entry.name;
      },
      'two files are named "000001.sst"',
    ],
    ...['../000001.sst', '/000001.sst', 'a/./b', 'a//b', '', 'a\\b', 'x'.repeat(5000)].map(
      (name): [string, (entry: Entry) => void, string] => [
        `with the name ${JSON.stringify(name.slice(0, 20))}`,
        (entry) => {
          entry.name = name;
        },
        'which no writer produces',
      ],
    ),
  ])('%s is refused', async (_, change, problem) => {
    const error = await refusal(changed(change));
    expect(error).toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT', part: 'index' });
    expect(error.problem).toContain(problem);
    expect(error.offset).toBeGreaterThan(9);
  });

  test('whose facts about a file differ from its frame is refused', async () => {
    for (const change of [
      (entry: Entry) => {
        entry.rawXxh64 += 1n;
      },
      (entry: Entry) => {
        entry.rawSize += 1n;
      },
      (entry: Entry) => {
        entry.rawSize -= 1n;
      },
    ]) {
      expect(await refusal(changed(change))).toMatchObject({
        code: 'SSTITCH_C1Z_CORRUPT',
        part: '000001.sst',
        problem: expect.stringContaining('does not match the index: it is damaged'),
      });
    }
  });

  test('that is damaged is refused', async () => {
    const bytes = encode();
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
    expect((await refusal(bytes)).problem).toBe(`the index does not match its checksum; ${AGAIN}`);
  });

  test('for another manifest is refused', async () => {
    const bytes = encode();
    bytes[14] = (bytes[14] as number) ^ 1;
    expect(await refusal(bytes)).toMatchObject({
      code: expect.stringMatching(/CORRUPT|UNSUPPORTED/),
    });
    const other = encode({
      changeIndex: (index) => {
        index.manifestXxh64 = 1n;
      },
    });
    expect((await refusal(other)).problem).toContain('the manifest does not match its checksum');
  });

  test('of a truncated or extended file is refused', async () => {
    const bytes = encode();
    for (const wrong of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(3)])]) {
      expect((await refusal(new Uint8Array(wrong))).problem).toContain(
        'the file does not end as an indexed payload does',
      );
    }
    expect((await refusal(bytes.subarray(0, 40))).problem).toContain('no room for');
  });
});

describe('limits', () => {
  test('on the decoded size apply before anything is decoded', async () => {
    const options = { maxDecodedBytes: 1000 };
    for (const encoding of ['indexed', 'tar', 'tar_zstd'] as const) {
      expect(await refusal(encode({ encoding }), options)).toMatchObject({
        code: 'SSTITCH_C1Z_TOO_LARGE',
        problem: 'the file decodes to more than 1000 bytes (option maxDecodedBytes)',
      });
    }
  });

  test('on values and on the database are passed on', async () => {
    expect(await refusal(encode(), { maxValueBytes: 1000 })).toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      problem: expect.stringMatching(
        /^the asset under key \w+ has 30\d\d bytes, but 1000 is the limit/,
      ),
    });
    expect(await refusal(encode(), { pebble: { maxTables: 0 } })).toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      problem: expect.stringContaining('the option maxTables'),
    });
    expect(await refusal(encode(), { pebble: { maxTables: -1 } })).toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
  });
});

describe('a tar', () => {
  let head: Uint8Array;
  beforeEach(() => {
    const whole = encode({ encoding: 'tar' });
    head = whole.subarray(0, whole.length - encodeTar(files).length);
  });
  const tarOf = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat([head, ...parts]));
  const END = new Uint8Array(1024);
  const file = (name: string, options?: TarHeaderOptions) => tarHeader(name, 0, options);

  test.each<[string, () => Uint8Array, string]>([
    ['that ends too soon', () => tarOf(file('a')), 'but 0 follow'],
    [
      'that has one block of zeros',
      () => tarOf(file('a'), END.subarray(512), file('b')),
      'one block of zeros',
    ],
    [
      'with a truncated file',
      () => tarOf(tarHeader('a', 5000), END),
      'a file of 5000 bytes follows, but 1024 bytes are left',
    ],
    ['with one name twice', () => tarOf(file('a'), file('a'), END), 'two files are named "a"'],
    [
      'with a name that leads out of the payload',
      () => tarOf(file('../a'), END),
      'is named "../a", which no writer produces',
    ],
    [
      'with permissions that no writer sets',
      () => tarOf(file('a', { mode: 0o4755 }), END),
      'permissions beyond 0777',
    ],
    ['with a header of GNU tar', () => tarOf(file('a', { type: 'L' }), END), 'a header of GNU tar'],
    [
      'with a header that does not match its sum',
      () => tarOf(file('a').fill(0x31, 100, 101), END),
      'does not match its sum',
    ],
  ])('%s is refused', async (_, make, problem) => {
    const error = await refusal(make());
    expect(error).toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT', part: 'tar' });
    expect(error.problem).toContain(problem);
  });

  test('of more than 100,000 files is refused, as an index of as many is', async () => {
    const names = Array.from({ length: 100_001 }, (_, index) => file(String(index)));
    const error = await refusal(tarOf(...names, END));
    expect(error).toMatchObject({ code: 'SSTITCH_C1Z_TOO_LARGE', part: 'tar' });
  });

  test('may have directories, and sizes and names of files in PAX headers', async () => {
    const pax = (record: string) => {
      const text = Buffer.from(`${record.length + 4} ${record}\n`);
      return [tarHeader('pax', text.length, { type: 'x' }), text, Buffer.alloc(512 - text.length)];
    };
    const parts = [...files].flatMap(([name, bytes]) => [
      ...pax(`path=${name}`),
      ...pax(`size=${bytes.length}`).slice(0, 0),
      tarHeader('short', bytes.length),
      bytes,
      Buffer.alloc((512 - (bytes.length % 512)) % 512),
    ]);
    await writeFile(path, tarOf(file('directory/', { type: '5' }), ...parts, END));
    const lines = await readContents(path, directory);
    expect(lines.length).toBe(smallSync(FIRST_SYNC).length);
  });
});

describe('the database in a payload', () => {
  const without = (pattern: RegExp) => new Map([...files].filter(([name]) => !pattern.test(name)));

  test('with a missing table is refused with its name', async () => {
    expect(await refusal(encode({ files: without(/\.sst$/) }))).toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      part: '000001.sst',
      problem:
        'the database in the payload: the file is missing, but the MANIFEST or a WAL names this table; the file was written by baton-sdk 0.18 or later: copy it again from its origin, or write it again',
    });
  });

  test('without markers is refused', async () => {
    expect(await refusal(encode({ files: without(/^marker/) }))).toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      part: 'payload',
      problem: expect.stringContaining('marker.manifest.*'),
    });
  });

  test('of a newer Pebble is refused, with its writer and what to do', async () => {
    const newer = new Map(files).set('marker.format-version.000002.099', new Uint8Array(0));
    expect(await refusal(encode({ engine: 'pebble', files: newer }))).toMatchObject({
      code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      problem: expect.stringMatching(
        /format version 99.*; the file was written by baton-sdk 0\.10 to 0\.14: open it with that SDK and save it/,
      ),
    });
  });

  test('with a damaged block is refused with the table and the offset', async () => {
    const table = new Uint8Array(files.get('000001.sst') as Uint8Array);
    table[20] = (table[20] as number) ^ 0xff;
    expect(await refusal(encode({ files: new Map(files).set('000001.sst', table) }))).toMatchObject(
      {
        code: 'SSTITCH_C1Z_CORRUPT',
        part: '000001.sst',
        offset: 0,
      },
    );
  });
});
