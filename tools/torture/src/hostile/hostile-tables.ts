// Tables with absurd lengths, and files that are not tables, for a store to ingest.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import {
  decodeFooter,
  encodeFooter,
  FOOTER_BYTES,
  type Footer,
  maskedChecksum,
  writeVarint,
} from '@sstitch/sst/file-format';
import { type HostileCase, type HostilePlace, refused } from './hostile-case.js';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const HUGE = Number.MAX_SAFE_INTEGER;
const TRAILER_BYTES = 5;

async function ingest(place: HostilePlace, table: string): Promise<void> {
  const path = join(place.directory, 'store');
  const store: Store<Uint8Array, Uint8Array> = new Store(path, VIEW);
  await store.open();
  await store.put(Buffer.from('kept'), Buffer.from('value'), byteEncodings);
  try {
    const span = { start: new Uint8Array(0), end: Buffer.from('k') };
    await store.ingestAndExcise([{ span, runs: [[table]] }]);
  } finally {
    const kept = await store.get(Buffer.from('kept'), byteEncodings);
    await store.close();
    // A plain error is not what the caller expects.
    assert(kept !== undefined, 'the store lost a key');
  }
}

function soundTable({ store }: HostilePlace): Buffer {
  const file = store.files.find((name) => name.endsWith('.ldb'));
  if (file === undefined) throw new Error('the store has no table');
  return readFileSync(join(store.path, file));
}

function tableCase(name: string, change: (table: Buffer) => Uint8Array): HostileCase {
  return {
    name: `table: ${name}`,
    run: async (place) => {
      const table = join(place.directory, 'hostile\n.ldb');
      writeFileSync(table, change(soundTable(place)));
      await refused(() => ingest(place, table), 'EngineError', /SSTITCH_TABLES_INVALID/, /hostile/);
    },
  };
}

function otherCase(name: string, make: (path: string, place: HostilePlace) => void): HostileCase {
  return {
    name: `table: ${name}`,
    run: async (place) => {
      const table = join(place.directory, 'hostile.ldb');
      make(table, place);
      await refused(
        () => ingest(place, table),
        'EngineError',
        /SSTITCH_TABLES_INVALID|SSTITCH_FILE_OPERATION/,
      );
    },
  };
}

function withFooter(table: Buffer, change: (footer: Footer) => Footer): Uint8Array {
  const body = table.subarray(0, -FOOTER_BYTES);
  const footer = decodeFooter(table.subarray(-FOOTER_BYTES), {});
  return Buffer.concat([body, encodeFooter(change(footer))]);
}

/** Replaces the index block, with a valid checksum. */
function withIndex(table: Buffer, make: (index: Buffer) => Uint8Array): Uint8Array {
  const { metaindex, index } = decodeFooter(table.subarray(-FOOTER_BYTES), {});
  const contents = make(table.subarray(index.offset, index.offset + index.size));
  const block = Buffer.concat([contents, Buffer.alloc(TRAILER_BYTES)]);
  block.writeUInt32LE(maskedChecksum(block.subarray(0, contents.length + 1)), contents.length + 1);
  const handle = { offset: index.offset, size: contents.length };
  const footer = encodeFooter({ metaindex, index: handle });
  return Buffer.concat([table.subarray(0, index.offset), block, footer]);
}

/** Replaces the first block by one that claims to decompress to `claimed` bytes. */
function snappyClaim(table: Buffer, claimed: number): Uint8Array {
  const changed = Buffer.from(table);
  const size = 200;
  writeVarint(changed, 0, claimed);
  changed[size] = 1;
  changed.writeUInt32LE(maskedChecksum(changed.subarray(0, size + 1)), size + 1);
  return changed;
}

export const hostileTables: readonly HostileCase[] = [
  tableCase('an index at the largest possible offset', (table) =>
    withFooter(table, (footer) => ({ ...footer, index: { offset: HUGE, size: 1 } })),
  ),
  tableCase('an index of 8 PiB', (table) =>
    withFooter(table, (footer) => ({ ...footer, index: { offset: 0, size: HUGE } })),
  ),
  tableCase('a metaindex that is the whole file', (table) =>
    withFooter(table, (footer) => ({ ...footer, metaindex: { offset: 0, size: table.length } })),
  ),
  tableCase('an index that is its own metaindex', (table) =>
    withFooter(table, ({ index }) => ({ index, metaindex: index })),
  ),
  tableCase('four thousand million restart points', (table) =>
    withIndex(table, (index) => {
      const changed = Buffer.from(index);
      changed.writeUInt32LE(0xffff_ffff, changed.length - 4);
      return changed;
    }),
  ),
  tableCase('an index entry with lengths of 4 GiB', (table) =>
    withIndex(table, (index) => {
      const changed = Buffer.from(index);
      changed.set([0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f]);
      return changed;
    }),
  ),
  tableCase('an index without entries', (table) =>
    withIndex(table, () => Buffer.from([0, 0, 0, 0, 1, 0, 0, 0])),
  ),
  tableCase('a block that claims 4 GiB', (table) => snappyClaim(table, 0xffff_ffff)),
  tableCase('a block that claims a little too much', (table) => snappyClaim(table, 4000)),
  tableCase('only a footer', () =>
    encodeFooter({ metaindex: { offset: 0, size: 0 }, index: { offset: 0, size: 0 } }),
  ),
  tableCase('an empty file', () => new Uint8Array(0)),
  otherCase('a directory', (path) => mkdirSync(path)),
  otherCase('a pipe that nobody writes to', (path) => execFileSync('mkfifo', [path])),
  otherCase('a device that never ends', (path) => symlinkSync('/dev/zero', path)),
  otherCase('a link to itself', (path) => symlinkSync(path, path)),
  {
    name: 'table: a link to a valid table, which is ingested as the file it leads to',
    run: async (place) => {
      const path = join(place.directory, 'linked.ldb');
      const file = join(place.directory, 'file.ldb');
      writeFileSync(file, soundTable(place));
      symlinkSync(file, path);
      await ingest(place, path);
      const store = new Store(join(place.directory, 'store'), { createIfMissing: false });
      await store.open();
      await store.close();
    },
  },
];
