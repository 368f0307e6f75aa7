// Opens: leftovers of crashes, foreign directories, locks and generation numbers.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import { Store } from '../src/index.js';
import { kill, messageOf, startChild } from './child-process.js';
import {
  type Contents,
  compactFully,
  expectContents,
  expectContentsThroughout,
  expectTidy,
  generationNames,
  numbered,
  openFailure,
  openStore,
  openThreadedStore,
  put,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

/** Makes a closed store of a few keys, at generation 2. */
async function closedStore() {
  const path = join(temporaryDirectory(), 'store');
  const store = await openStore(path);
  const model: Contents = numbered('k', 20, 'v');
  await put(store, model);
  await store.excise([span('x')]);
  await store.close();
  return { path, model };
}

describe('leftovers', () => {
  test('of other generations, staging, readers and a prepared CURRENT are removed', async () => {
    const { path, model } = await closedStore();
    cpSync(join(path, 'gen-000002'), join(path, 'gen-000007'), { recursive: true });
    mkdirSync(join(path, 'gen-000001', 'deep', 'deeper'), { recursive: true });
    mkdirSync(join(path, 'staging', '4'), { recursive: true });
    writeFileSync(join(path, 'staging', '4', 'built-0.table'), 'half a table');
    writeFileSync(join(path, 'CURRENT.tmp'), 'gen-000007\n');
    // No process has this id, which is above Linux's limit.
    mkdirSync(join(path, 'readers', '99999999-1', 'gen'), { recursive: true });
    mkdirSync(join(path, 'readers', `${process.pid}-1`), { recursive: true });
    const store = await openStore(path);
    expect(readdirSync(path).sort()).toEqual(['CURRENT', 'FORMAT', 'gen-000002', 'readers']);
    expect(readdirSync(join(path, 'readers'))).toEqual([`${process.pid}-1`]);
    await expectContents(store, model);
    // The number of the stray generation is not reused.
    expect((await store.excise([])).generation).toBe(8);
    rmSync(join(path, 'readers'), { recursive: true });
    await expectContentsThroughout(store, model);
  });

  test.each([
    ['unlink', 'EACCES'],
    ['readdir', 'EACCES'],
  ])('of a reader of another user are left: its %s fails', async (failing, code) => {
    const { path, model } = await closedStore();
    const left = join(path, 'readers', '99999999-1', 'copy');
    mkdirSync(left, { recursive: true });
    const fileSystem = watchedFileSystem();
    fileSystem.before = ({ name, path: at }) => {
      if (name === failing && at.includes('/readers')) throw fileError(code, name, at);
    };
    const store = await openStore(path, { fileSystem });
    await expectContents(store, model);
    expect(existsSync(left)).toBe(true);
  });

  test("files that are not the store's are not touched", async () => {
    const { path, model } = await closedStore();
    writeFileSync(join(path, 'notes.txt'), 'mine');
    mkdirSync(join(path, 'gen-1'));
    const store = await openStore(path);
    await expectContents(store, model);
    expect(existsSync(join(path, 'notes.txt')) && existsSync(join(path, 'gen-1'))).toBe(true);
  });

  test('of a creation that was interrupted at any operation do not prevent a later one', async () => {
    const directory = temporaryDirectory();
    for (let index = 0; ; index++) {
      const path = join(directory, `${index}`);
      const watched = watchedFileSystem();
      let count = 0;
      watched.before = (operation) => {
        if (count++ >= index) throw fileError('EIO', operation.name, operation.path);
      };
      const store = new Store(path, { ...VIEW, fileSystem: watched });
      const opened = await store.open().then(
        () => true,
        () => false,
      );
      await store.close();
      if (opened) break;
      const again = await openStore(path);
      await put(again, [['k', 'v']]);
      await expectContentsThroughout(again, new Map([['k', 'v']]));
    }
  });
});

describe('an open refuses', () => {
  const cases: Record<
    string,
    [file: string, content: string | undefined, code: string, says: RegExp]
  > = {
    'a missing FORMAT': ['FORMAT', undefined, 'SSTITCH_STORE_CORRUPT', /FORMAT/],
    'an unknown format number': ['FORMAT', 'sstitch store 2\n', 'SSTITCH_STORE_FORMAT', /format 2/],
    'a FORMAT of garbage': ['FORMAT', '\0\0\0', 'SSTITCH_STORE_CORRUPT', /FORMAT/],
    'a CURRENT of garbage': ['CURRENT', 'garbage\n', 'SSTITCH_STORE_CORRUPT', /CURRENT/],
    'an empty CURRENT': ['CURRENT', '', 'SSTITCH_STORE_CORRUPT', /CURRENT/],
    'a CURRENT without its newline': ['CURRENT', 'gen-000002', 'SSTITCH_STORE_CORRUPT', /CURRENT/],
    'a CURRENT that leads elsewhere': [
      'CURRENT',
      '../gen-000002\n',
      'SSTITCH_STORE_CORRUPT',
      /CURRENT/,
    ],
    'a CURRENT of a generation that is not there': [
      'CURRENT',
      'gen-000009\n',
      'SSTITCH_STORE_CORRUPT',
      /a file is missing .*gen-000009/,
    ],
  };

  test.each(Object.entries(cases))(
    '%s, and harms nothing',
    async (_, [file, content, code, says]) => {
      const { path, model } = await closedStore();
      const whole = readFileSync(join(path, file));
      if (content === undefined) rmSync(join(path, file));
      else writeFileSync(join(path, file), content);
      const error = await openFailure(path);
      expect(error.code).toBe(code);
      expect(error.reason).toBe(code === 'SSTITCH_STORE_FORMAT' ? 'format-unknown' : undefined);
      expect(error.message).toMatch(says);
      expect(error.message).toContain(path);
      expect(generationNames(path)).toContain('gen-000002');
      writeFileSync(join(path, file), whole);
      await expectContentsThroughout(await openStore(path), model);
    },
  );

  test('a plain LevelDB directory, and advises to adopt it', async () => {
    const path = join(temporaryDirectory(), 'plain');
    const plain = new ClassicLevel(path);
    await plain.put('k', 'v');
    await plain.close();
    const error = await openFailure(path);
    expect([error.code, error.reason, error.message]).toEqual([
      'SSTITCH_STORE_FORMAT',
      'leveldb-database',
      expect.stringContaining('adopt'),
    ]);
    await plain.open();
    expect(await plain.get('k')).toBe('v');
    await plain.close();
  });

  test('a directory with other files, a file, and a missing store without createIfMissing', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    expect(await openFailure(directory)).toMatchObject({
      code: 'SSTITCH_STORE_FORMAT',
      reason: 'other-files',
    });
    expect(await openFailure(join(directory, 'file'))).toMatchObject({
      code: 'SSTITCH_STORE_FORMAT',
      reason: 'not-a-directory',
    });
    const absent = await openFailure(join(directory, 'absent'), { createIfMissing: false });
    expect(absent.code).toBe('SSTITCH_STORE_NOT_FOUND');
    expect(existsSync(join(directory, 'absent'))).toBe(false);
    const { path } = await closedStore();
    const exists = await openFailure(path, { errorIfExists: true });
    expect(exists.code).toBe('SSTITCH_STORE_EXISTS');
  });

  test('a store that another process has open, until that process is killed', async () => {
    const { path, model } = await closedStore();
    const child = startChild('open-store', path);
    expect(await messageOf(child)).toBe('open');
    const error = await openFailure(path);
    expect(error.code).toBe('LEVEL_LOCKED');
    expect(error.message).toContain('another process');
    if (process.platform === 'linux') {
      expect(error.holder).toBe(child.pid);
      expect(error.message).toContain(`${child.pid}`);
    }
    await kill(child);
    await expectContentsThroughout(await openStore(path), model);
  });

  // Only Linux shows who holds a lock.
  test.runIf(process.platform === 'linux')(
    'a store that another process has open, on a full disk, and leaves its reserve alone',
    async () => {
      const path = join(temporaryDirectory(), 'store');
      const child = startChild('open-store', path, 'logged');
      expect(await messageOf(child)).toBe('open');
      const reserve = () => statSync(join(path, 'RESERVE')).ino;
      const before = reserve();
      const fileSystem = watchedFileSystem();
      fileSystem.before = ({ name, path: operand }) => {
        // The room of the reserve would suffice.
        const isFull = existsSync(join(path, 'RESERVE'));
        if (isFull && name === 'mkdir') throw fileError('ENOSPC', name, operand);
      };
      const error = await openFailure(path, { fileSystem, diskReserveBytes: 0 });
      expect(reserve()).toBe(before);
      expect(error).toMatchObject({ code: 'LEVEL_LOCKED' });
      await kill(child);
    },
  );

  test('every option out of range', () => {
    for (const name of ['cacheSize', 'writeBufferSize', 'blockSize', 'maxFileSize'] as const) {
      for (const value of [0, -1, 1.5, Number.NaN, '4' as unknown as number]) {
        expect(() => new Store('unused', { [name]: value })).toThrow(
          expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
        );
      }
    }
    expect(existsSync('unused')).toBe(false);
  });
});

describe('an open that loses a race', () => {
  test('sees a commit between its reading of CURRENT and its lock', async () => {
    const { path, model } = await closedStore();
    const watched = watchedFileSystem();
    let raced = false;
    watched.before = ({ name, path: file }) => {
      // After prepareOpen has read FORMAT, another process opens, commits and closes.
      if (raced || name !== 'readFile' || !file.endsWith('/FORMAT')) return;
      raced = true;
      cpSync(join(path, 'gen-000002'), join(path, 'gen-000003'), { recursive: true });
      writeFileSync(join(path, 'CURRENT'), 'gen-000003\n');
      rmSync(join(path, 'gen-000002'), { recursive: true });
    };
    const store = await openStore(path, { fileSystem: watched });
    expect((await store.metrics()).generation).toBe(3);
    await expectContentsThroughout(store, model);
  });

  test('does not make a store over one that was made meanwhile and has committed', async () => {
    const { path: made, model } = await closedStore();
    const path = join(temporaryDirectory(), 'store');
    const watched = watchedFileSystem();
    let raced = false;
    const { readdir } = watched;
    watched.readdir = (directory) => {
      const names = readdir.call(watched, directory);
      if (!raced) cpSync(made, path, { recursive: true });
      raced = true;
      return names;
    };
    const store = await openStore(path, { fileSystem: watched });
    expect((await store.metrics()).generation).toBe(2);
    await expectContentsThroughout(store, model);
  });
});

describe('a store that has lost its CURRENT is not made again', () => {
  test('it is refused, and opens again with a CURRENT', async () => {
    const { path, model } = await closedStore();
    const current = readFileSync(join(path, 'CURRENT'));
    rmSync(join(path, 'CURRENT'));
    for (const createIfMissing of [true, false]) {
      const failure = await openFailure(path, { createIfMissing });
      expect(failure).toMatchObject({ code: 'SSTITCH_STORE_CORRUPT' });
      expect(failure.message).toContain('lost its CURRENT file');
    }
    writeFileSync(join(path, 'CURRENT'), current);
    await expectContents(await openStore(path), model);
  });

  test('a first generation with a damaged table is not destroyed', async () => {
    const path = join(temporaryDirectory(), 'store');
    const store = await openStore(path);
    await put(store, numbered('k', 20, 'v'));
    await compactFully(store);
    await store.close();
    rmSync(join(path, 'CURRENT'));
    const generation = join(path, 'gen-000001');
    const names = readdirSync(generation);
    const tables = names.filter((name) => name.endsWith('.ldb'));
    expect(tables).not.toEqual([]);
    for (const name of names.filter((name) => name.startsWith('MANIFEST'))) {
      writeFileSync(join(generation, name), 'damaged');
    }
    await openFailure(path);
    expect(readdirSync(generation)).toEqual(expect.arrayContaining(tables));
  });
});

test('a first generation that holds writes in its log alone is not destroyed', async () => {
  const path = join(temporaryDirectory(), 'store');
  const store = await openStore(path);
  await put(store, numbered('k', 20, 'v'));
  await store.close();
  rmSync(join(path, 'CURRENT'));
  const generation = join(path, 'gen-000001');
  const names = readdirSync(generation);
  const logs = names.filter((name) => name.endsWith('.log'));
  const sizes = () => logs.map((name) => statSync(join(generation, name)).size);
  const before = sizes();
  expect(before.some((sizeBytes) => sizeBytes > 0)).toBe(true);
  for (const name of names.filter((name) => name.startsWith('MANIFEST'))) {
    writeFileSync(join(generation, name), 'damaged');
  }
  await openFailure(path);
  expect(sizes()).toEqual(before);
});

test('numbers of generations continue over failures and reopens', async () => {
  const path = join(temporaryDirectory(), 'store');
  const seen: number[] = [];
  for (let round = 0; round < 4; round++) {
    const store = await openStore(path);
    seen.push((await store.excise([])).generation, (await store.excise([])).generation);
    await store.excise([], { signal: AbortSignal.abort() }).catch(() => undefined);
    await store.close();
  }
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  expectTidy(path);
});

test('writes that were only in the log of a killed process exist after the next open', async () => {
  const path = join(temporaryDirectory(), 'store');
  const child = startChild('write-and-commit', path, 'once');
  const written = await messageOf<number>(child);
  await kill(child);
  const store = await openThreadedStore(path);
  await compactFully(store);
  await expectContentsThroughout(store, numbered('k', written, 'revision'));
});

test('a closed store does not use its file system', async () => {
  const watched = watchedFileSystem();
  const store = await openStore(join(temporaryDirectory(), 'store'), { fileSystem: watched });
  await store.excise([]);
  await store.close();
  watched.before = ({ name }) => {
    throw new Error(`${name} after the close`);
  };
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(nodeFileSystem.readdir(store.location)).toContain('CURRENT');
});
