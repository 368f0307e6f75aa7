// Mutated parts of databases: whatever the change, decoding ends, either with a result or with a PebbleError. No
// checksum stands in the way, and each input costs microseconds, so that there can be a hundred thousand of them; the
// changes of whole databases (hostile-databases.test.ts) also try what the parts say of each other.
//
// SSTITCH_PARTS_COUNT sets the number for each kind of part, SSTITCH_FUZZ_SEED the first seed.
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeLog } from '../../test/encode-log.js';
import { FIXTURE_NAMES, fixtureFiles } from '../../test/fixtures.js';
import { DIRECTORY, MemoryFiles } from '../../test/memory-files.js';
import { inputFile, Random, rewritten } from '../../test/mutate-database.js';
import { loadZstd } from '../encoding/zstd.js';
import { PebbleError } from '../index.js';
import { readLog } from '../log/log-reader.js';
import { readBatch } from '../log/write-batch.js';
import { decodeVersionEdit } from '../manifest/version-edit.js';
import { checkOptions } from '../options.js';
import { ColumnarDataCursor } from '../table/columnar-data-block.js';
import type { BlockCursor } from '../table/entry-cursor.js';
import { readFooter } from '../table/footer.js';
import { RowDataCursor } from '../table/row-block.js';
import { BlockFile } from '../table/stored-block.js';
import { TableFile } from '../table/table-file.js';

const COUNT = Number(process.env['SSTITCH_PARTS_COUNT'] ?? 20_000);
const FIRST_SEED = Number(process.env['SSTITCH_FUZZ_SEED'] ?? 1);
const AT = { path: 'part' };
const FOOTER_BYTES = 61;
const LOG_NUMBER = 7;
const FORMATS = ['legacy', 'recyclable', 'sync'] as const;

/** Decodes a part to its end. */
type Decode = (bytes: Uint8Array) => void;

/** What the fixtures have of a kind, and how it is decoded. */
const parts: Record<string, { readonly originals: Uint8Array[]; readonly decode: Decode }> = {
  'a version edit': { originals: [], decode: (bytes) => void decodeVersionEdit(bytes, AT, 1000) },
  'a write batch': { originals: [], decode: (bytes) => void [...readBatch(bytes, AT)] },
  'a WAL': { originals: [], decode: readWal },
  'a footer': {
    originals: [],
    decode: (bytes) => void readFooter(new BlockFile(inputFile(bytes), 2 ** 20)),
  },
  'a row data block': { originals: [], decode: (bytes) => walk(new RowDataCursor(4), bytes) },
  'a columnar data block': {
    originals: [],
    decode: (bytes) => walk(new ColumnarDataCursor(), bytes),
  },
};

function readWal(bytes: Uint8Array): void {
  for (const { bytes: record } of readLog(inputFile(bytes), {
    logNumber: LOG_NUMBER,
    tornEnd: 'refuse',
  })) {
    for (const _ of readBatch(record, AT));
  }
}

/** Reads all entries of a block, whose values must lie inside it. */
function walk(cursor: BlockCursor, bytes: Uint8Array): void {
  for (cursor.load({ bytes, at: AT }); cursor.valid; cursor.next()) {
    const { data, valueStart, valueEnd, keyBytes, keyLength } = cursor;
    if (valueStart > valueEnd || valueEnd > data.length || keyLength > keyBytes.length) {
      throw new Error('an entry lies outside its block');
    }
  }
}

/** The data blocks of a table. */
function dataBlocksOf(files: MemoryFiles, name: string): Uint8Array[] {
  const table = TableFile.open(files, `${DIRECTORY}/${name}`, undefined, checkOptions({}));
  try {
    const rows = table.hasTwoLevelIndex ? [table.readIndexPartition(table.index.handle(0))] : [];
    return [...(rows.length > 0 ? rows : [table.index])].flatMap((index) =>
      Array.from({ length: index.count }, (_, row) => table.readBlock(index.handle(row)).bytes),
    );
  } finally {
    table.close();
  }
}

function add(kind: string, ...originals: readonly Uint8Array[]): void {
  parts[kind]?.originals.push(...originals);
}

beforeAll(async () => {
  await loadZstd();
  for (const fixture of FIXTURE_NAMES) {
    const files = fixtureFiles(fixture);
    for (const [name, bytes] of files) {
      const records = (logNumber: number | undefined) =>
        [...readLog(inputFile(bytes), { logNumber, tornEnd: 'end' })].map((each) => each.bytes);
      if (name.startsWith('MANIFEST')) add('a version edit', ...records(undefined));
      if (name.endsWith('.log')) {
        const batches = records(Number.parseInt(name, 10));
        add('a WAL', ...FORMATS.map((format) => encodeLog(batches, format, LOG_NUMBER)));
        add('a write batch', ...batches);
      }
      if (!name.endsWith('.sst')) continue;
      const version = readFooter(new BlockFile(inputFile(bytes), 2 ** 20)).version;
      add('a footer', bytes.subarray(-FOOTER_BYTES));
      const kind = version >= 5 ? 'a columnar data block' : 'a row data block';
      add(kind, ...dataBlocksOf(new MemoryFiles(files), name));
    }
  }
});

describe.each(Object.keys(parts))('%s', (kind) => {
  it(`that is changed is decoded or refused, ${COUNT} times`, () => {
    // The table has every kind that is described.
    const { originals, decode } = parts[kind] as (typeof parts)[string];
    expect(originals.length).toBeGreaterThan(0);
    for (const original of originals) decode(original);
    let refused = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
      const random = new Random(seed);
      try {
        decode(rewritten(random.pick(originals), random));
      } catch (error) {
        if (!(error instanceof PebbleError)) throw new Error(`seed ${seed}`, { cause: error });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
