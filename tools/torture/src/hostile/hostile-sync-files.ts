// Hostile .c1z files, which decode to more than memory holds or contain databases with false headers. Each
// limit of the reader is exceeded once.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type C1zOptions, openC1z } from '@sstitch/c1z';
import { type C1zContents, makeC1z, makeDatabase, wrapDatabase } from '@sstitch/c1z/testing';
import { type HostileCase, type HostilePlace, refused } from './hostile-case.js';

const SYNC_ID = '36zfOAoWMxQdISbixanQCRBiX7E';
const MAGIC = Buffer.from('C1ZF\0', 'latin1');
const FRAME_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** The header of a frame with a window of 128 KiB. */
const FRAME_HEAD = Buffer.from([...FRAME_MAGIC, 0, 7 << 3]);
const MAX_BLOCK_BYTES = 128 * 1024;
const LONG_TIMEOUT_MS = 600_000;

const CONTENTS: C1zContents = {
  syncs: [
    {
      syncId: SYNC_ID,
      resourceTypes: [{ id: 'user' }],
      assets: [{ externalId: 'a', contentType: 'text/plain', data: new Uint8Array(100_000) }],
    },
  ],
};

/** A block of one byte that repeats to 128 KiB. */
function zeroBlock(isLast: boolean): Buffer {
  const head = (MAX_BLOCK_BYTES << 3) | (1 << 1) | (isLast ? 1 : 0);
  return Buffer.from([head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff, 0]);
}

function zeros(blocks: number): Buffer {
  return Buffer.concat([
    FRAME_HEAD,
    ...Array<Buffer>(blocks).fill(zeroBlock(false)),
    zeroBlock(true),
  ]);
}

async function readAll(path: string, directory: string, options: C1zOptions = {}): Promise<void> {
  const temporaryDirectory = join(directory, 'temporary');
  mkdirSync(temporaryDirectory, { recursive: true });
  await using file = await openC1z(path, {
    temporaryDirectory,
    stallTimeoutMs: LONG_TIMEOUT_MS,
    ...options,
  });
  for (const { syncId } of file.syncs()) {
    for await (const batch of file.resourceTypes(syncId)) void batch;
    for await (const batch of file.assets(syncId)) void batch;
  }
}

function syncFileCase(
  name: string,
  codes: RegExp,
  make: (path: string, place: HostilePlace) => Promise<void> | void,
  options: C1zOptions = {},
): HostileCase {
  return {
    name: `.c1z: ${name}`,
    run: async (place) => {
      const path = join(place.directory, 'hostile\n.c1z');
      await make(path, place);
      await refused(() => readAll(path, place.directory, options), 'C1zError', codes);
    },
  };
}

const writes = (...parts: Uint8Array[]) => {
  return (path: string) => writeFileSync(path, Buffer.concat([MAGIC, ...parts]));
};

/** Changes the database header; SQLite's file format, section 1.3, defines the offsets. */
function lyingDatabase(name: string, change: (database: Buffer) => void): HostileCase {
  return syncFileCase(
    `a database with a false header: ${name}`,
    /SSTITCH_C1Z_(CORRUPT|TOO_LARGE)/,
    (path, { directory }) => {
      const database = join(directory, 'lying.db');
      makeDatabase(database, CONTENTS);
      const bytes = readFileSync(database);
      change(bytes);
      writeFileSync(database, bytes);
      wrapDatabase(database, path);
    },
  );
}

export const hostileSyncFiles: readonly HostileCase[] = [
  syncFileCase('zeros beyond the default ratio', /TOO_LARGE/, writes(zeros(4000))),
  syncFileCase('zeros beyond maxDecodedBytes', /TOO_LARGE/, writes(zeros(20)), {
    maxDecodedBytes: 1_000_000,
  }),
  syncFileCase('zeros beyond maxDecodedRatio', /TOO_LARGE/, writes(zeros(1000)), {
    maxDecodedRatio: 10,
  }),
  syncFileCase('a value beyond maxValueBytes', /TOO_LARGE/, (path) => makeC1z(path, CONTENTS), {
    maxValueBytes: 10_000,
  }),
  syncFileCase(
    'a reader that is slower than stallTimeoutMs',
    /STALLED/,
    (path) => makeC1z(path, CONTENTS),
    {
      stallTimeoutMs: 1,
    },
  ),
  syncFileCase(
    'a window of 3.75 TiB',
    /TOO_LARGE/,
    writes(Buffer.from([...FRAME_MAGIC, 0, 0xff, 1, 0, 0])),
  ),
  syncFileCase(
    'a second frame with a window of 2 GiB',
    /CORRUPT|TOO_LARGE/,
    writes(zeros(2), Buffer.from([...FRAME_MAGIC, 0, 21 << 3]), zeroBlock(true)),
  ),
  syncFileCase(
    'endless empty frames',
    /CORRUPT/,
    writes(...Array<Buffer>(100_000).fill(Buffer.concat([FRAME_HEAD, Buffer.from([1, 0, 0])]))),
  ),
  syncFileCase('no stream at all', /CORRUPT/, writes()),
  {
    name: '.c1z: a device that never ends',
    run: ({ directory }) =>
      refused(() => readAll('/dev/zero', directory), 'C1zError', /FILE_OPERATION/),
  },
  lyingDatabase('a million pages', (database) => database.writeUInt32BE(1_000_000, 28)),
  lyingDatabase('pages of 7 bytes', (database) => database.writeUInt16BE(7, 16)),
  lyingDatabase('all of a page reserved', (database) => database.writeUInt8(255, 20)),
  lyingDatabase('the schema is page 2', (database) => database.copy(database, 100, 4096, 8192)),
];
