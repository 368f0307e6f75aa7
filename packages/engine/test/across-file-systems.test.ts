// Stores on different file systems, between which tables are copied instead of linked, while both stores are written to
// and compacted. CROSS_ROUNDS=200 runs more rounds.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import {
  type ByteStore,
  besideStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  numbered,
  openStore,
  openThreadedStore,
  put,
  span,
  VIEW,
} from './store-fixture.js';

const ROUNDS = Number(process.env['CROSS_ROUNDS'] ?? 3);
const MEMORY = '/dev/shm';
/** A directory on another file system; undefined if there is none. */
const DISK = [tmpdir(), '/var/tmp'].find(
  (path) => existsSync(MEMORY) && existsSync(path) && statSync(path).dev !== statSync(MEMORY).dev,
);
const TEST_TIMEOUT_MS = 600_000 + ROUNDS * 200_000;

if (DISK === undefined) {
  console.warn(`skipped: ${MEMORY} is not there, or no file system of its own`);
}

const PREFIXES = 'abcdefghijklm';
const SPANS = [...PREFIXES].map((prefix) => span(`${prefix}1`, `${prefix}9`));
const isReplaced = (key: string) => (key[1] ?? '') >= '1' && (key[1] ?? '') < '9';

function entriesOf(value: string): Contents {
  const contents: Contents = new Map();
  for (const prefix of PREFIXES) {
    for (const [key, each] of numbered(prefix, 3000, value))
      contents.set(key, each.padEnd(20, '.') + randomBytes(60).toString('latin1'));
  }
  return contents;
}

const OLD = entriesOf('old');
const FRESH = entriesOf('fresh');
const REPLACED: Contents = new Map(
  [...OLD].map(([key, value]) => [key, isReplaced(key) ? (FRESH.get(key) ?? '') : value]),
);

function directoryIn(parent: string): string {
  const directory = mkdtempSync(join(parent, 'sstitch-across-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Small tables, so that there are many to copy and LevelDB compacts often. */
const SMALL = { writeBufferSize: 128 * 1024, maxFileSize: 64 * 1024, shareTablesFromBytes: 4096 };

/** Fills both stores with entries that keep LevelDB compacting. */
async function storesAcross(direction: readonly [string, string]) {
  const [baseParent, sourceParent] = direction;
  const base = await openThreadedStore(join(directoryIn(baseParent), 'base'), SMALL);
  const source = await openThreadedStore(join(directoryIn(sourceParent), 'source'), SMALL);
  await Promise.all([put(base, OLD), put(source, FRESH)]);
  return { base, source };
}

/** Writes outside the spans, and compacts, until the work is done. */
async function besideWriters<T>(stores: readonly ByteStore[], work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const writers = stores.map(async (store) => {
    for (let round = 0; !isDone; round++) {
      await put(store, numbered('z', 300, `z${round}`.padEnd(60, '.')));
      if (round % 4 === 3) await compactFully(store);
    }
  });
  try {
    return await work();
  } finally {
    isDone = true;
    await Promise.all(writers);
  }
}

/** Returns the entries of a store except for those of the writers. */
async function settledContents(store: Parameters<typeof contentsOf>[0]): Promise<Contents> {
  return contentsOf(store, { lt: bytes('z') });
}

async function expectSettled(store: Parameters<typeof contentsOf>[0], expected: Contents) {
  const found = await settledContents(store);
  expect(found.size).toBe(expected.size);
  for (const [key, value] of expected)
    if (found.get(key) !== value) expect([key, found.get(key)]).toEqual([key, value]);
}

const DIRECTIONS = [
  ['from memory to disk', [DISK ?? '', MEMORY]],
  ['from disk to memory', [MEMORY, DISK ?? '']],
] as const;

describe.skipIf(DISK === undefined).each(DIRECTIONS)('%s', (_, direction) => {
  const [baseParent, sourceParent] = direction;

  test.each([false, true])(
    'ingestFrom replaces the spans, with verify %s',
    async (verify) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { base, source } = await storesAcross(direction);
        await besideWriters([base, source], () => base.ingestFrom(source, SPANS, { verify }));
        await expectSettled(base, REPLACED);
        await Promise.all([base.close(), source.close()]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'ingestFrom replaces them from a read-only store',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { base, source } = await storesAcross(direction);
        await besideWriters([base, source], async () => {
          const reader = await openReadOnly<Uint8Array, Uint8Array>(source.location, VIEW);
          try {
            await base.ingestFrom(reader, SPANS);
          } finally {
            await reader.close();
          }
        });
        await expectSettled(base, REPLACED);
        await Promise.all([base.close(), source.close()]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test.each([false, true])(
    'extract and ingestAndExcise replace them, with move %s, and rebuild does',
    async (move) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { base, source } = await storesAcross(direction);
        await besideWriters([base, source], async () => {
          const tables = await source.extract(SPANS, besideStore(base), { share: true });
          await base.ingestAndExcise(tables, { move });
          if (move) await base.ingestFrom(source, SPANS, { rebuild: true });
        });
        await expectSettled(base, REPLACED);
        await Promise.all([base.close(), source.close()]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'checkpoint, openReadOnly and adopt copy a store in use',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { source } = await storesAcross(direction);
        const target = directoryIn(baseParent);
        await besideWriters([source], async () => {
          await source.checkpoint(join(target, 'checkpoint'));
          const reader = await openReadOnly<Uint8Array, Uint8Array>(source.location, {
            ...VIEW,
            copyDirectory: join(target, 'copies'),
          });
          await expectSettled(reader, FRESH);
          await reader.close();
        });
        await expectSettled(await openStore(join(target, 'checkpoint')), FRESH);
        await source.close();
        const plain = join(directoryIn(sourceParent), 'plain');
        const level = new ClassicLevel<Uint8Array, Uint8Array>(plain, { ...VIEW, ...SMALL });
        await level.batch(
          [...FRESH].map(([key, value]) => ({ type: 'put', key: bytes(key), value: bytes(value) })),
        );
        await adopt(plain, join(target, 'adopted'));
        await level.close();
        await expectSettled(await openStore(join(target, 'adopted')), FRESH);
      }
    },
    TEST_TIMEOUT_MS,
  );
});
