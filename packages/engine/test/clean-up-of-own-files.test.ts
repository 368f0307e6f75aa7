// A failed operation removes the files that it made, and none that others put there meanwhile.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import {
  type ByteStore,
  bytes,
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
import {
  type FileOperation,
  fileError,
  type WatchedFileSystem,
  watchedFileSystem,
} from './watched-file-system.js';

const MODEL = numbered('k', 50, 'value');

async function filledStore(fileSystem = watchedFileSystem()) {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'), { fileSystem });
  await put(store, MODEL);
  return { store, fileSystem, target: join(directory, 'target') };
}

/** The two ways to make a store from a store: a checkpoint, and an adoption of its generation. */
const MAKINGS: Record<
  string,
  (store: ByteStore, target: string, fileSystem: WatchedFileSystem) => Promise<unknown>
> = {
  checkpoint: (store, target) => store.checkpoint(target),
  adopt: (store, target, fileSystem) =>
    adopt(join(store.location, 'gen-000001'), target, { fileSystem }),
};

describe.each(Object.entries(MAKINGS))('a failed %s', (_, make) => {
  /** Makes the matching operation fail after running `act`. */
  function failAt(
    fileSystem: WatchedFileSystem,
    fits: (operation: FileOperation) => boolean,
    act: () => void,
  ): void {
    fileSystem.before = (operation) => {
      if (!fits(operation)) return;
      fileSystem.before = () => undefined;
      act();
      throw fileError('EIO', operation.name, operation.path);
    };
  }

  test.each([
    ['the copy', ({ name, path }: FileOperation) => name === 'write' && /MANIFEST/.test(path)],
    ['FORMAT', ({ name, path }: FileOperation) => name === 'write' && path.endsWith('FORMAT')],
    ['CURRENT', ({ name, to }: FileOperation) => name === 'rename' && /CURRENT$/.test(to ?? '')],
  ] as const)('at %s leaves files of others in the directory', async (_step, fits) => {
    const { store, fileSystem, target } = await filledStore();
    const foreign = join(target, 'foreign');
    failAt(fileSystem, fits, () => writeFileSync(foreign, 'theirs'));
    expect((await rejection(make(store, target, fileSystem))).code).toBe('SSTITCH_FILE_OPERATION');
    expect(readdirSync(target)).toEqual(['foreign']);
    expect(readFileSync(foreign, 'utf8')).toBe('theirs');
    await expectContentsThroughout(store, MODEL);
  });

  test('leaves an empty directory that was there, and no directory where there was none', async () => {
    const { store, fileSystem, target } = await filledStore();
    const isCurrent = ({ to }: FileOperation) => /CURRENT$/.test(to ?? '');
    failAt(fileSystem, isCurrent, () => undefined);
    await rejection(make(store, target, fileSystem));
    expect(existsSync(target)).toBe(false);
    mkdirSync(target);
    failAt(fileSystem, isCurrent, () => undefined);
    await rejection(make(store, target, fileSystem));
    expect(readdirSync(target)).toEqual([]);
    await make(store, target, fileSystem);
    await expectContents(await openStore(target), MODEL);
  });

  test.each(['staging', 'gen-000001'])(
    'does not touch the %s of another call in the same directory',
    async (name) => {
      const { store, fileSystem, target } = await filledStore();
      const other = join(target, name);
      const [until, at] = name === 'staging' ? ['mkdir', 'staging'] : ['rename', 'staging/copy'];
      fileSystem.before = (operation) => {
        if (operation.name !== until || operation.path !== join(target, at)) return;
        fileSystem.before = () => undefined;
        mkdirSync(other);
        writeFileSync(join(other, 'theirs'), 'theirs');
      };
      const error = await rejection(make(store, target, fileSystem));
      expect(error.code).toBe('SSTITCH_TARGET_EXISTS');
      expect(error.path).toBe(other);
      expect(readdirSync(target)).toEqual([name]);
      expect(readdirSync(other)).toEqual(['theirs']);
    },
  );
});

/** Opens the directory in another process, which makes a store in it if it can. Returns what came of it. */
function openElsewhere(path: string): string {
  const script = fileURLToPath(new URL('./children/make-store.mjs', import.meta.url));
  return execFileSync(process.execPath, [script, path], { encoding: 'utf8' });
}

describe.each(Object.entries(MAKINGS))('a %s', (_, make) => {
  test.each([
    [
      'checks for others',
      ({ name, path }: FileOperation) => name === 'readdir' && !/gen-/.test(path),
    ],
    ['copies', ({ name, to }: FileOperation) => name === 'link' && /staging/.test(to ?? '')],
    ['writes FORMAT', ({ name, path }: FileOperation) => name === 'open' && /FORMAT$/.test(path)],
    [
      'writes CURRENT',
      ({ name, to }: FileOperation) => name === 'rename' && /CURRENT$/.test(to ?? ''),
    ],
  ] as const)(
    'during which another process opens the directory while it %s makes the store',
    async (_step, fits) => {
      const { store, fileSystem, target } = await filledStore();
      // So that there is a table to link.
      await store.compactRange(bytes(''), bytes('z'));
      let elsewhere = '';
      fileSystem.before = (operation) => {
        if (!fits(operation) || !`${operation.path} ${operation.to}`.includes(target)) return;
        fileSystem.before = () => undefined;
        elsewhere = openElsewhere(target);
      };
      await make(store, target, fileSystem);
      expect(elsewhere).toBe('SSTITCH_STORE_FORMAT');
      await expectContentsThroughout(await openStore(target), MODEL);
    },
  );

  test('in a directory where another process makes a store first leaves that store', async () => {
    const { store, fileSystem, target } = await filledStore();
    let elsewhere = '';
    fileSystem.before = ({ name, path }) => {
      if (name !== 'mkdir' || path !== join(target, 'staging')) return;
      fileSystem.before = () => undefined;
      elsewhere = openElsewhere(target);
    };
    expect((await rejection(make(store, target, fileSystem))).code).toBe('SSTITCH_TARGET_EXISTS');
    expect(elsewhere).toBe('acknowledged');
    expect(readdirSync(target).sort()).toEqual(['CURRENT', 'FORMAT', 'RESERVE', 'gen-000001']);
    await expectContents(await openStore(target), new Map([['theirs', 'acknowledged']]));
  });
});

describe('a checkpoint for Pebble', () => {
  test('during which another process opens the directory is made', async () => {
    const { store, fileSystem, target } = await filledStore();
    let elsewhere = '';
    fileSystem.before = ({ name, path }) => {
      if (name !== 'link' || !path.includes('gen-000001')) return;
      fileSystem.before = () => undefined;
      elsewhere = openElsewhere(target);
    };
    expect(await store.checkpoint(target, { format: 'pebble' })).toMatchObject({ tables: 1 });
    expect(elsewhere).toBe('SSTITCH_STORE_FORMAT');
    expect(readdirSync(target)).toContain('marker.manifest.000001.MANIFEST-000002');
  });

  test.each(['building', 'CURRENT'])(
    'does not touch the %s that others made in the directory since it was found empty',
    async (name) => {
      const { store, fileSystem, target } = await filledStore();
      const theirs = join(target, name);
      fileSystem.before = (operation) => {
        if (operation.name !== 'mkdir' || operation.path !== join(target, 'building')) return;
        fileSystem.before = () => undefined;
        mkdirSync(theirs);
        writeFileSync(join(theirs, 'theirs'), 'theirs');
      };
      const error = await rejection(store.checkpoint(target, { format: 'pebble' }));
      expect(error).toMatchObject({ code: 'SSTITCH_TARGET_EXISTS', path: theirs });
      expect([readdirSync(target), readdirSync(theirs)]).toEqual([[name], ['theirs']]);
    },
  );
});

describe('an extract', () => {
  const SPANS = [span('k0010', 'k0020'), span('k0030', 'k0040')];

  /** A store with a table that straddles the spans, and the number of operations of an extract. */
  async function extractScene() {
    const scene = await filledStore();
    await scene.store.compactRange(bytes(''), bytes('z'));
    let operations = 0;
    scene.fileSystem.before = () => {
      operations++;
    };
    await scene.store.extract(SPANS, join(scene.target, '..', 'whole'));
    expect(operations).toBeGreaterThan(5);
    return { ...scene, operations };
  }

  test.each(['fails', 'is aborted'])('that %s at any operation leaves nothing', async (how) => {
    const { store, fileSystem, target, operations } = await extractScene();
    let rejected = 0;
    for (let failing = 0; failing < operations; failing++) {
      const controller = new AbortController();
      let count = 0;
      fileSystem.before = ({ name, path }) => {
        if (count++ !== failing) return;
        if (how === 'fails') throw fileError('EIO', name, path);
        controller.abort();
      };
      await store.extract(SPANS, target, { signal: controller.signal }).then(
        () => rmSync(target, { recursive: true }),
        () => rejected++,
      );
      expect(existsSync(target), `operation ${failing}`).toBe(false);
    }
    expect(rejected).toBeGreaterThan(5);
    await expectContentsThroughout(store, MODEL);
  });

  test('of a read-only store that closes at any operation leaves nothing, or succeeds', async () => {
    const { store, target } = await filledStore();
    await store.compactRange(bytes(''), bytes('z'));
    await put(store, numbered('k', 5, 'later'));
    let isClosed = true;
    const codes = new Set<string>();
    for (let closing = 0; isClosed; closing++) {
      isClosed = false;
      const fileSystem = watchedFileSystem();
      const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, {
        ...VIEW,
        fileSystem,
      });
      let count = 0;
      fileSystem.before = () => {
        if (count++ !== closing) return;
        isClosed = true;
        reader.close();
      };
      const outcome = await reader.extract([span('k', 'k0008'), ...SPANS], target).then(
        () => 'done',
        (error) => error.code,
      );
      codes.add(outcome);
      expect(existsSync(target), `operation ${closing}`).toBe(outcome === 'done');
      if (outcome === 'done') rmSync(target, { recursive: true });
      await reader.close();
    }
    expect(codes).toEqual(new Set(['SSTITCH_ABORTED', 'done']));
  });

  test('that fails and cannot be cleaned up rejects with its own error', async () => {
    const { store, fileSystem, target } = await extractScene();
    fileSystem.before = ({ name, path }) => {
      if (path.startsWith(target) && name !== 'mkdir') throw fileError('EIO', name, path);
      if (name === 'link') throw fileError('ENOSPC', name, path);
    };
    const error = await rejection(store.extract(SPANS, target));
    expect(error).toMatchObject({ cause: { code: 'ENOSPC' } });
  });

  test('into a directory that exists is refused and does not touch it', async () => {
    const { store, target } = await filledStore();
    mkdirSync(target);
    const error = await rejection(store.extract(SPANS, target));
    expect(error).toMatchObject({ code: 'SSTITCH_TARGET_EXISTS', path: target });
    expect(readdirSync(target)).toEqual([]);
  });
});

test('a commit fails if the directory of its generation exists, and does not touch it', async () => {
  const { store } = await filledStore();
  const theirs = join(store.location, 'gen-000002');
  mkdirSync(theirs);
  writeFileSync(join(theirs, 'theirs'), 'theirs');
  expect((await rejection(store.excise([span('k')]))).code).toBe('SSTITCH_FILE_OPERATION');
  expect(readdirSync(theirs)).toEqual(['theirs']);
  await expectContents(store, MODEL);
  rmSync(theirs, { recursive: true });
  await store.excise([span('k0010')]);
  await expectContentsThroughout(store, numbered('k', 10, 'value'));
});

test('a read-only open does not touch an existing directory with the name of its copy', async () => {
  const { store } = await filledStore();
  const fileSystem = watchedFileSystem();
  let theirs = '';
  fileSystem.before = ({ name, path }) => {
    if (name !== 'mkdir' || !/readers\/[0-9a-f]/.test(path) || theirs !== '') return;
    theirs = path;
    mkdirSync(path);
    writeFileSync(join(path, 'theirs'), 'theirs');
  };
  await expect(openReadOnly(store.location, { ...VIEW, fileSystem })).rejects.toMatchObject({
    code: 'LEVEL_DATABASE_NOT_OPEN',
  });
  expect(readdirSync(theirs)).toEqual(['theirs']);
});

test('no two opens of a store use the same staging directory', async () => {
  const fileSystem = watchedFileSystem();
  const made: string[] = [];
  fileSystem.before = ({ name, path }) => {
    if (name === 'mkdir' && path.includes('staging/')) made.push(path);
  };
  const { store } = await filledStore();
  await store.close();
  for (let opening = 0; opening < 2; opening++) {
    const again = await openStore(store.location, { fileSystem });
    const loader = again.tableLoader();
    await loader.add([[bytes('z'), bytes('never committed')]]);
    await loader.finish([span('z')]);
    await loader.end();
    await again.close();
  }
  expect(made).toHaveLength(2);
  expect(new Set(made).size).toBe(2);
  await expectContentsThroughout(await openStore(store.location), MODEL);
});
