// Rules 16 to 20 of docs/leveldb-rules.md: flushes, fsyncs, locks, readers and compactions.
import { existsSync, fstatSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import { checkFlushed, readFlushState } from '../src/leveldb/flush.js';
import { linkVersion } from '../src/leveldb/linked-version.js';
import { readVersion } from '../src/leveldb/manifest.js';
import { openedElsewhere } from './child-process.js';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';
import {
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  expectContentsThroughout,
  generationNames,
  numbered,
  openFailure,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { type FileOperation, fileError, watchedFileSystem } from './watched-file-system.js';

describe('rule 16: the memtable', () => {
  test('rule 16: what only the memtable holds is extracted, checkpointed and kept by a commit', async () => {
    const directory = temporaryDirectory();
    const source = await openStore(join(directory, 'source'));
    const store = await openStore(join(directory, 'store'));
    await put(source, [['k1', 'incoming']]);
    await put(store, [
      ['a', 'kept'],
      ['k2', 'replaced'],
    ]);
    const spans = [span('k', 'l')];
    await store.ingestAndExcise(
      await source.extract(spans, join(directory, 'extracted'), { share: true }),
    );
    await store.checkpoint(join(directory, 'copy'));
    const expected = new Map([
      ['a', 'kept'],
      ['k1', 'incoming'],
    ]);
    await expectContentsThroughout(store, expected, ['k2']);
    await expectContents(await openStore(join(directory, 'copy')), expected, ['k2']);
  });

  test('rule 16: a flush that failed silently is found out', () => {
    const directory = temporaryDirectory();
    const version = writeLevelDirectory(join(directory, 'base'), {});
    expect(() => checkFlushed(version, version.logNumber, directory)).not.toThrow();
    expect(() => checkFlushed(version, version.logNumber + 1, directory)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_LEVELDB' }),
    );
  });

  test('rule 16: a version from before the flush is not linked', () => {
    const directory = temporaryDirectory();
    const version = writeLevelDirectory(join(directory, 'base'), {});
    const pin = (leastLogNumber: number) =>
      linkVersion(
        nodeFileSystem,
        join(directory, 'base'),
        directory,
        () => [],
        () => undefined,
        leastLogNumber,
      );
    expect(pin(version.logNumber).version).toEqual(version);
    expect(() => pin(version.logNumber + 1)).toThrow(/did not flush/);
  });

  test('rule 16: a log that LevelDB replaces while it is looked at means a flush, not an error', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    const watched = watchedFileSystem();
    watched.before = ({ name, path }) => {
      if (name === 'status' && path.endsWith('.log')) throw fileError('ENOENT', 'lstat', path);
    };
    const { unflushedBytes } = readFlushState(watched, {
      directory: await currentDirectory(store),
    });
    expect(unflushedBytes).toBeGreaterThan(0);
  });
});

test('rule 17: the directory is synced after the open and before CURRENT is swapped', async () => {
  const watched = watchedFileSystem();
  const store = await openStore(join(temporaryDirectory(), 'store'), { fileSystem: watched });
  await put(store, numbered('k', 10, 'v'));
  const seen: FileOperation[] = [];
  // The log shows that LevelDB has opened the directory.
  const afterOpen: number[] = [];
  watched.before = (operation) => {
    const { name, path } = operation;
    if (name === 'fsyncDir' && /gen-\d+$/.test(path)) {
      if (readdirSync(path).some((file) => file.endsWith('.log'))) afterOpen.push(seen.length);
    }
    seen.push(operation);
  };
  const { generation } = await store
    .replaceSpans([], (async function* () {})())
    .then(({ commit }) => commit);
  const next = join(store.location, `gen-${String(generation).padStart(6, '0')}`);
  const pointer = join(store.location, 'CURRENT.tmp');
  const indexOf = (name: FileOperation['name'], path: string) =>
    seen.findLastIndex((each) => each.name === name && each.path === path);
  const swap = indexOf('rename', pointer);
  for (const index of [afterOpen.at(-1) ?? -1, indexOf('sync', pointer)]) {
    expect(index).toBeGreaterThan(-1);
    expect(index).toBeLessThan(swap);
  }
  // The fsync of the parent makes the name of the new directory durable.
  const made = indexOf('mkdir', next);
  expect(made).toBeGreaterThan(-1);
  const parentSyncs = seen.flatMap(({ name, path }, index) =>
    name === 'fsyncDir' && path === store.location ? [index] : [],
  );
  expect(parentSyncs.some((index) => index > made && index < swap)).toBe(true);
  expect(parentSyncs.some((index) => index > swap)).toBe(true);
});

test.each([
  { how: 'split', shareTablesFromBytes: Number.POSITIVE_INFINITY, files: 2 },
  { how: 'shared', shareTablesFromBytes: 0, files: 1 },
] as const)(
  'rule 17: every table that a commit splits or builds is synced before CURRENT is swapped: $how',
  async ({ how, shareTablesFromBytes, files }) => {
    const directory = temporaryDirectory();
    const watched = watchedFileSystem();
    const store = await openStore(join(directory, 'store'), {
      fileSystem: watched,
      shareTablesFromBytes,
    });
    await put(store, numbered('k', 100, 'v'));
    await compactFully(store);
    const known = tableInodes(await currentDirectory(store));
    const syncedInodes = new Set<number>();
    let swapped = false;
    watched.before = ({ name, handle, to }) => {
      swapped ||= name === 'rename' && to?.endsWith('/CURRENT') === true;
      // The file is still open by the descriptor that wrote it.
      if (name === 'sync' && !swapped) syncedInodes.add(fstatSync(handle?.descriptor ?? -1).ino);
    };
    const entries = pagesOf(numbered('k002', 5, 'new'));
    const { commit } = await store.replaceSpans([span('k002', 'k003')], entries);
    expect([commit.base[how].tables, commit.spans[0]?.built.tables]).toEqual([1, 1]);
    const inForce = tableInodes(await currentDirectory(store));
    expect(inForce.filter((inode) => !known.includes(inode))).toHaveLength(files);
    for (const inode of inForce) expect(syncedInodes.has(inode)).toBe(true);
  },
);

function tableInodes(directory: string): number[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.ldb'));
  return names.map((name) => statSync(join(directory, name)).ino);
}

describe('rule 18: the lock', () => {
  test('rule 18: a second open in the process is refused, through a symbolic link too, and harms no lock', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'store');
    const store = await openStore(path);
    symlinkSync(path, join(directory, 'link'));
    expect((await openFailure(path)).code).toBe('LEVEL_LOCKED');
    expect((await openFailure(join(directory, 'link'))).code).toBe('LEVEL_LOCKED');
    expect(await openedElsewhere(path)).toBe('LEVEL_LOCKED');
    await store.close();
    expect(await openedElsewhere(path)).toBe('open');
  });

  test('rule 18: reads, copies, extracts and commits leave the lock alone', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'store');
    const watched = watchedFileSystem();
    watched.before = ({ name, path: touched, to }) => {
      if (name !== 'unlink') expect([touched, to ?? ''].join()).not.toMatch(/LOCK/);
    };
    const store = await openStore(path, { fileSystem: watched });
    await put(store, numbered('k', 100, 'v'));
    await store.excise([span('k0010', 'k0020')]);
    const reader = await openReadOnly(path, { ...VIEW, fileSystem: watched });
    await reader.close();
    await store.checkpoint(join(directory, 'copy'));
    await store.extract([span('k')], join(directory, 'extracted'));
    await adopt(await currentDirectory(store), join(directory, 'adopted'), { fileSystem: watched });
    expect(await openedElsewhere(path)).toBe('LEVEL_LOCKED');
  });
});

test("rule 19: a retired generation's directory stays until its last reader closes, and is read by name", async () => {
  const directory = temporaryDirectory();
  // Few open files, so that LevelDB opens tables by name even long after it opened the database.
  const store = await openStore(join(directory, 'store'), {
    maxOpenFiles: 80,
    writeBufferSize: 64 * 1024,
    maxFileSize: 1024 * 1024,
  });
  const model = numbered('k', 6000, 'v'.repeat(120));
  await put(store, model);
  await compactFully(store);
  const snapshot = store.snapshot();
  const iterator = store.iterator(VIEW);
  const first = await iterator.next();
  await store.excise([span('')]);
  expect(generationNames(store.location)).toEqual(['gen-000001', 'gen-000002']);
  expect(await contentsOf(store)).toEqual(new Map());
  await expectContents(store, model, ['absent'], snapshot);
  expect([first, ...(await iterator.all())]).toHaveLength(model.size);
  await iterator.close();
  expect(existsSync(join(store.location, 'gen-000001', 'CURRENT'))).toBe(true);
  await snapshot.close();
  await expect.poll(() => generationNames(store.location)).toEqual(['gen-000002']);
});

describe('rule 20: compactions meanwhile', () => {
  test('rule 20: extracts, checkpoints and commits during compactions see one state each', async () => {
    const directory = temporaryDirectory();
    const store = await openThreadedStore(join(directory, 'store'), {
      writeBufferSize: 64 * 1024,
      maxFileSize: 1024 * 1024,
    });
    const model = numbered('k', 2000, '');
    let revision = 0;
    const rewrite = async () => {
      revision++;
      for (const key of model.keys()) model.set(key, `${revision}`.padEnd(100, 'x'));
      await put(store, model);
    };
    await rewrite();
    let busy = true;
    const compacting = (async () => {
      while (busy) await compactFully(store);
    })();
    for (let round = 0; round < 8; round++) {
      await rewrite();
      const copy = join(directory, `copy-${round}`);
      const extracted = join(directory, `extracted-${round}`);
      const other = await openStore(join(directory, `other-${round}`));
      const [tables] = await Promise.all([
        store.extract([span('k0500', 'k1500')], extracted),
        store.checkpoint(copy),
        round % 2 === 0 ? store.excise([span('x')]) : undefined,
      ]);
      await other.ingestAndExcise(tables);
      const inside = [...model].filter(([key]) => key >= 'k0500' && key < 'k1500');
      await expectContents(other, new Map(inside));
      const copied = await openStore(copy);
      await expectContents(copied, model);
      await Promise.all([other.close(), copied.close()]);
    }
    busy = false;
    await compacting;
    await expectContents(store, model);
  });

  const before: CraftedLevels = {
    1: [[{ key: 'a', sequence: 1, value: '1' }], [{ key: 'b', sequence: 2, value: '1' }]],
  };

  test('rule 20: a table that is gone when it is linked makes the version be read again', () => {
    const directory = temporaryDirectory();
    const base = join(directory, 'base');
    writeLevelDirectory(base, before);
    nodeFileSystem.mkdir(join(directory, 'target'));
    const watched = watchedFileSystem();
    let compacted = false;
    watched.before = ({ name, path }) => {
      if (name !== 'link' || compacted || !path.endsWith('000004.ldb')) return;
      compacted = true;
      // A compaction changes the tables and the version meanwhile.
      rmSync(base, { recursive: true });
      writeLevelDirectory(
        base,
        { ...before, 2: [[{ key: 'c', sequence: 3, value: '1' }]] },
        {
          alter: (version) => ({
            ...version,
            levels: version.levels.map((tables) => tables.filter(({ number }) => number !== 4)),
          }),
        },
      );
      rmSync(join(base, '000004.ldb'));
    };
    const { version } = linkVersion(
      watched,
      base,
      join(directory, 'target'),
      ({ levels }) => levels.flat().map((table) => ({ table, name: `${table.number}.link` })),
      () => undefined,
    );
    expect(compacted).toBe(true);
    expect(version).toEqual(readVersion(nodeFileSystem, base));
    expect(nodeFileSystem.readdir(join(directory, 'target'))).toEqual(['3.link', '5.link']);
  });

  test('rule 20: a missing table that the current version lists is damage, not a race', async () => {
    const directory = temporaryDirectory();
    const base = join(directory, 'base');
    writeLevelDirectory(base, before);
    rmSync(join(base, '000004.ldb'));
    const error = await adopt(base, join(directory, 'store'), { fileSystem: nodeFileSystem }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'SSTITCH_STORE_CORRUPT' });
    expect(String(error)).toContain('000004.ldb');
    expect(existsSync(join(directory, 'store'))).toBe(false);
  });
});
