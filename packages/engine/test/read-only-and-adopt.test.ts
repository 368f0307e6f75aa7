// Reading a store while another process owns it, and making stores from LevelDB directories.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import { generationName } from '../src/store-directory/store-files.js';
import { kill, messageOf, startChild } from './child-process.js';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';
import {
  bytes,
  type Contents,
  contentsOf,
  currentDirectory,
  expectContents,
  expectContentsThroughout,
  numbered,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

const READ_ONLY = { ...VIEW, fileSystem: nodeFileSystem };

describe('a read-only open', () => {
  test('of a store that another process writes, compacts and commits shows one state, fifty times', async () => {
    const path = join(temporaryDirectory(), 'store');
    const child = startChild('write-and-commit', path);
    const keys = await messageOf<number>(child);
    const revisions: number[] = [];
    for (let round = 0; round < 50; round++) {
      const reader = await openReadOnly<Uint8Array, Uint8Array>(path, READ_ONLY);
      const contents = await contentsOf(reader);
      const seen = new Set([...contents.values()].map((value) => value.split(':')[0]));
      expect([contents.size, seen.size]).toEqual([2 * keys, 1]);
      revisions.push(Number([...seen][0]));
      // get returns what iteration shows here too.
      await expectContents(reader, contents, ['absent']);
      await reader.close();
    }
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBeGreaterThan(1);
    await kill(child);
    expect(readdirSync(join(path, 'readers'))).toEqual([]);
    const store = await openStore(path);
    expect(new Set([...(await contentsOf(store)).values()]).size).toBe(1);
  });

  test('shows what is only in the log, keeps its state, and removes its copy on close', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    const model = numbered('k', 50, 'v');
    await put(store, model);
    const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, READ_ONLY);
    await put(store, [['k0001', 'later']]);
    await store.excise([span('k0010')]);
    await store.excise([span('')]);
    await expectContents(reader, model);
    expect(readdirSync(join(store.location, 'readers'))).toHaveLength(1);
    await reader.close();
    expect(readdirSync(join(store.location, 'readers'))).toEqual([]);
    await expectContentsThroughout(store, new Map(), model.keys());
  });

  test('refuses every write', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    await put(store, [['k', 'v']]);
    const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, READ_ONLY);
    for (const write of [
      () => reader.put(bytes('k'), bytes('w')),
      () => reader.del(bytes('k')),
      () => reader.batch([{ type: 'del', key: bytes('k') }]),
      () => reader.batch().del(bytes('k')).write(),
      () => reader.clear(),
    ]) {
      expect((await rejection(write())).code).toBe('SSTITCH_STORE_READ_ONLY');
    }
    await expectContents(reader, new Map([['k', 'v']]));
    await reader.close();
  });

  test('of an absent store fails and creates nothing', async () => {
    const directory = temporaryDirectory();
    const opened = openReadOnly(join(directory, 'absent'), READ_ONLY);
    await expect(opened).rejects.toMatchObject({ cause: { code: 'SSTITCH_STORE_NOT_FOUND' } });
    expect(existsSync(join(directory, 'absent'))).toBe(false);
  });

  test('puts its copy into the given directory when the store cannot be written to', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(join(directory, 'store'));
    await put(store, [['k', 'v']]);
    const copyDirectory = join(directory, 'copies');
    const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, {
      ...READ_ONLY,
      copyDirectory,
    });
    expect(readdirSync(copyDirectory)).toHaveLength(1);
    expect(existsSync(join(store.location, 'readers'))).toBe(false);
    await expectContents(reader, new Map([['k', 'v']]));
    await reader.close();
    expect(readdirSync(copyDirectory)).toEqual([]);
  });

  test('opens although killed processes with its process id left copies', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    for (let count = 0; count < 200; count++) {
      mkdirSync(join(store.location, 'readers', `${process.pid}-${count}`), { recursive: true });
    }
    const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, READ_ONLY);
    await expectContents(reader, new Map());
    await reader.close();
    expect(readdirSync(join(store.location, 'readers'))).toHaveLength(200);
  });

  test('of a store whose owner always commits before the copy is made fails with that reason', async () => {
    const path = join(temporaryDirectory(), 'store');
    const store = await openStore(path);
    await put(store, numbered('k', 10, 'v'));
    await store.excise([span('x')]);
    await store.close();
    const fileSystem = watchedFileSystem();
    let generation = 2;
    fileSystem.before = ({ name, path: operand }) => {
      if (name !== 'copy' && name !== 'link') return;
      // The owner commits, and removes the generation that is being copied.
      const before = generationName(generation++);
      renameSync(join(path, before), join(path, generationName(generation)));
      writeFileSync(join(path, 'CURRENT'), `${generationName(generation)}\n`);
      throw fileError('ENOENT', name, operand);
    };
    const opened = openReadOnly(path, { ...VIEW, fileSystem });
    await expect(opened).rejects.toMatchObject({
      cause: { code: 'LEVEL_LOCKED', message: expect.stringContaining('keeps committing') },
    });
    expect(readdirSync(join(path, 'readers'))).toEqual([]);
  });

  test('that fails leaves no copy, at whatever operation', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    await put(store, numbered('k', 10, 'v'));
    await store.excise([span('x')]);
    for (let index = 0; ; index++) {
      const watched = watchedFileSystem();
      let count = 0;
      watched.before = ({ name, path }) => {
        if (count++ === index) throw fileError('EIO', name, path);
      };
      const reader = await openReadOnly(store.location, { ...VIEW, fileSystem: watched }).catch(
        () => undefined,
      );
      const done = count <= index;
      watched.before = () => undefined;
      await reader?.close();
      if (existsSync(join(store.location, 'readers'))) {
        expect([index, readdirSync(join(store.location, 'readers'))]).toEqual([index, []]);
      }
      if (done) break;
    }
    await expectContents(store, numbered('k', 10, 'v'));
  });

  test('that is aborted at whatever operation rejects with the reason, or has opened, and leaves no copy', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    await put(store, numbered('k', 10, 'v'));
    await store.excise([span('x')]);
    // The reason can be an error of something else, of which this open knows nothing.
    const reason = fileError('ENOSPC', 'write', 'elsewhere');
    const outcomes: string[] = [];
    for (let index = 0; ; index++) {
      const watched = watchedFileSystem();
      const aborting = new AbortController();
      let count = 0;
      watched.before = () => {
        if (count++ === index) aborting.abort(reason);
      };
      const { signal } = aborting;
      const options = { ...VIEW, fileSystem: watched, signal };
      const reader = await openReadOnly(store.location, options).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED', cause: reason });
      });
      outcomes.push(reader === undefined ? 'aborted' : 'opened');
      await reader?.close();
      const readers = join(store.location, 'readers');
      expect(existsSync(readers) ? readdirSync(readers) : []).toEqual([]);
      if (count <= index) break;
    }
    const [first] = outcomes;
    expect([first, outcomes.at(-1)]).toEqual(['aborted', 'opened']);
    expect(outcomes.lastIndexOf('aborted')).toBeLessThan(outcomes.indexOf('opened'));
  });
});

describe('adopt', () => {
  /** A directory made by classic-level: tables and, unless it was closed long ago, a log. */
  async function plainDirectory() {
    const directory = temporaryDirectory();
    const plain = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'plain'), {
      ...VIEW,
      writeBufferSize: 64 * 1024,
    });
    const model: Contents = numbered('k', 2000, 'v'.repeat(100));
    await plain.batch(
      [...model].map(([key, value]) => ({ type: 'put', key: bytes(key), value: bytes(value) })),
    );
    await plain.compactRange(bytes(''), bytes('z'));
    return { directory, path: join(directory, 'plain'), plain, model };
  }

  test('of a closed directory, with an unflushed log and without, keeps all its entries', async () => {
    const { directory, path, plain, model } = await plainDirectory();
    await plain.close();
    await adopt(path, join(directory, 'flushed'), { fileSystem: nodeFileSystem });
    await plain.open();
    await plain.put(bytes('k0001'), bytes('in the log'));
    await plain.del(bytes('k0002'));
    await plain.close();
    await adopt(path, join(directory, 'unflushed'), { fileSystem: nodeFileSystem });
    await expectContentsThroughout(await openStore(join(directory, 'flushed')), model);
    model.set('k0001', 'in the log').delete('k0002');
    await expectContentsThroughout(await openStore(join(directory, 'unflushed')), model, ['k0002']);
  });

  test('of an open database keeps all its entries, and leaves the database and its lock alone', async () => {
    const { directory, path, plain, model } = await plainDirectory();
    await plain.put(bytes('log'), bytes('1'));
    const before = readFileSync(join(path, 'CURRENT'), 'latin1');
    const copied = await adopt(path, join(directory, 'store'));
    expect(copied.tables).toBeGreaterThan(0);
    expect(copied.copiedTables).toBe(0);
    await plain.put(bytes('log'), bytes('2'));
    expect(readFileSync(join(path, 'CURRENT'), 'latin1')).toBe(before);
    const store = await openStore(join(directory, 'store'));
    await store.excise([span('k1000', 'k1500')]);
    await expectContents(plain as never, new Map([...model, ['log', '2']]));
    await plain.close();
    for (const key of model.keys()) if (key >= 'k1000' && key < 'k1500') model.delete(key);
    await expectContentsThroughout(store, model.set('log', '1'), ['k1000', 'k1499']);
  });

  test('into a directory that is not empty is refused, and changes nothing in it', async () => {
    const { directory, path, plain } = await plainDirectory();
    await plain.close();
    const target = join(directory, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), '');
    for (const into of [target, path]) {
      const error = await rejection(adopt(path, into, { fileSystem: nodeFileSystem }));
      expect(error.code).toBe('SSTITCH_TARGET_EXISTS');
    }
    expect(readdirSync(target)).toEqual(['mine']);
  });

  test("into an empty directory succeeds, and so does one of a store's own generation", async () => {
    const directory = temporaryDirectory();
    const store = await openStore(join(directory, 'store'));
    await put(store, [['k', 'v']]);
    mkdirSync(join(directory, 'target'));
    await adopt(await currentDirectory(store), join(directory, 'target'), {
      fileSystem: nodeFileSystem,
    });
    await expectContents(await openStore(join(directory, 'target')), new Map([['k', 'v']]));
  });

  test.each([true, false])(
    'that fails at any operation leaves nothing (target existed before: %s)',
    async (there) => {
      const directory = temporaryDirectory();
      const levels: CraftedLevels = { 1: [[{ key: 'k', sequence: 1, value: 'v' }]] };
      writeLevelDirectory(join(directory, 'base'), levels);
      for (let index = 0; ; index++) {
        const target = join(directory, `target-${index}`);
        if (there) mkdirSync(target);
        const watched = watchedFileSystem();
        let count = 0;
        let failed = '';
        watched.before = ({ name, path }) => {
          if (count++ !== index) return;
          failed = name;
          throw fileError('EIO', name, path);
        };
        const outcome = await adopt(join(directory, 'base'), target, { fileSystem: watched }).then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
        // The last operation removes the empty staging directory of a store that is complete. An open does so too.
        if (count <= index || failed === 'removeDirectory') {
          expect(outcome).toBe('done');
          await expectContentsThroughout(await openStore(target), new Map([['k', 'v']]));
          if (failed === '') break;
          continue;
        }
        expect([index, outcome]).toEqual([index, 'SSTITCH_FILE_OPERATION']);
        expect([index, existsSync(target)]).toEqual([index, there]);
        if (there) expect(readdirSync(target)).toEqual([]);
      }
    },
  );

  test('of a directory that is not a LevelDB directory fails with an error that names it', async () => {
    const directory = temporaryDirectory();
    for (const path of [join(directory, 'absent'), directory]) {
      const error = await rejection(
        adopt(path, join(directory, 'store'), { fileSystem: nodeFileSystem }),
      );
      expect(error.message).toContain(path);
      expect(existsSync(join(directory, 'store'))).toBe(false);
    }
  });
});

test('a read-only open of a store without its generation says what is missing', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  const directory = await currentDirectory(store);
  await store.close();
  rmSync(directory, { recursive: true });
  const failure = await openReadOnly(store.location).catch(({ cause }: Error) => cause);
  expect(failure).toMatchObject({
    code: 'SSTITCH_STORE_CORRUPT',
    message: expect.stringContaining(directory),
  });
});
