// verifyStore and readManifest: their results for sound stores, stores in use and damaged stores. The corruption
// family of tools/torture changes every byte of a small store.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { readManifest, verifyStore } from '../src/index.js';
import { logFileName, tableFileName } from '../src/leveldb/file-names.js';
import {
  compactFully,
  currentDirectory,
  numbered,
  openFailure,
  openThreadedStore,
  pagesOf,
  put,
  rejection,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const INLINE = { fileSystem: nodeFileSystem } as const;

/** Makes a closed store of one table and a log of two batches. */
async function closedStore() {
  const path = join(temporaryDirectory(), 'store');
  const store = await openThreadedStore(path);
  await store.replaceSpans([span('a', 'b')], pagesOf(numbered('a', 50, 'v')));
  await put(store, numbered('c', 10, 'v'));
  await put(store, numbered('d', 10, 'v'));
  const directory = await currentDirectory(store);
  await store.close();
  const { version } = readManifest(directory);
  const table = version.levels.flat()[0]?.number ?? 0;
  return {
    path,
    manifest: join(directory, readManifest(directory).name),
    table: join(directory, tableFileName(table)),
    log: join(directory, logFileName(version.logNumber)),
  };
}

describe('verifyStore', () => {
  test('finds no problem in a sound store, and counts what it read', async () => {
    const { path } = await closedStore();
    expect(await verifyStore(path)).toEqual({
      ok: true,
      generation: 2,
      tableNames: [expect.stringMatching(/^\d{6}\.ldb$/)],
      logs: 1,
      logOperations: 20,
      problems: [],
      problemCount: 0,
      notes: [],
    });
  });

  test('reports no problem while another process writes, flushes, compacts and commits', async () => {
    const path = join(temporaryDirectory(), 'store');
    const store = await openThreadedStore(path, { writeBufferSize: 65_536 });
    let isDone = false;
    const writing = (async () => {
      for (let round = 0; !isDone; round++) {
        await put(store, numbered(`c${round % 7}`, 300, `${round}`.repeat(20)));
        if (round % 5 === 0) {
          await store.replaceSpans([span('a', 'b')], pagesOf(numbered('a', 50, `${round}`)));
        }
        if (round % 9 === 0) await compactFully(store);
      }
    })();
    for (let round = 0; round < 40; round++) {
      expect((await verifyStore(path)).problems).toEqual([]);
    }
    isDone = true;
    await writing;
  });

  test('reports a note, not a problem, for a log that ends as a crash leaves it', async () => {
    const { path, log } = await closedStore();
    truncateSync(log, readFileSync(log).length - 3);
    const report = await verifyStore(path, INLINE);
    expect(report).toMatchObject({ ok: true, logOperations: 10 });
    expect(report.notes).toMatchObject([{ kind: 'log', path: log, offset: expect.any(Number) }]);
  });

  test('names file and offset of each problem', async () => {
    const { path, table, log } = await closedStore();
    for (const [file, at] of [
      [table, 20],
      [log, 30],
    ] as const) {
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      rmSync(file);
      writeFileSync(file, bytes);
    }
    const { problems } = await verifyStore(path, INLINE);
    expect(problems).toMatchObject([
      { kind: 'log', path: log, offset: 0 },
      { kind: 'table', path: table, offset: 0 },
    ]);
  });

  test('stops at its signal, and refuses a directory that is not a store', async () => {
    const { path } = await closedStore();
    const aborted = await rejection(verifyStore(path, { signal: AbortSignal.abort() }));
    expect(aborted.code).toBe('SSTITCH_ABORTED');
    const missing = await rejection(verifyStore(join(path, 'nowhere')));
    expect(missing.code).toBe('SSTITCH_STORE_NOT_FOUND');
  });
});

describe('an open refuses, before LevelDB sees it,', () => {
  test('a store without its log', async () => {
    const { path, log } = await closedStore();
    rmSync(log);
    const error = await openFailure(path);
    expect([error.code, error.path]).toEqual(['SSTITCH_STORE_CORRUPT', log]);
  });

  test('a store with a table of the wrong size', async () => {
    const { path, table } = await closedStore();
    const bytes = readFileSync(table);
    rmSync(table);
    writeFileSync(table, bytes.subarray(0, -1));
    const error = await openFailure(path);
    expect([error.code, error.path]).toEqual(['SSTITCH_STORE_CORRUPT', table]);
  });

  test('a store whose MANIFEST lost a record that LevelDB acknowledged', async () => {
    const { path, manifest } = await closedStore();
    truncateSync(manifest, readFileSync(manifest).length - 1);
    expect((await openFailure(path)).code).toBe('SSTITCH_STORE_CORRUPT');
  });
});
