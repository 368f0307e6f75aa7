// LevelDB 1.20's stale get (google/leveldb#320): versions of one user key in two tables of a level, of which one
// is compacted alone. Made by LevelDB itself, and by hand.
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adopt, openReadOnly, readManifest, verifyStore } from '../src/index.js';
import { applyEdits } from '../src/leveldb/manifest.js';
import { shadowedKeys } from '../src/leveldb/shadowed-keys.js';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';
import {
  bytes,
  contentsOf,
  expectContents,
  generationNames,
  openStore,
  openThreadedStore,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';

const VERSIONS = 60;
const NEWEST = VERSIONS - 1;

/** What the sequence of writes needs of a store or a classic-level database. */
interface Writable {
  put(key: Uint8Array, value: Uint8Array, options: typeof VIEW): Promise<void>;
  get(key: Uint8Array, options: typeof VIEW): Promise<Uint8Array | undefined>;
  snapshot(): { close(): Promise<void> };
  compactRange(start: Uint8Array, end: Uint8Array, options: { keyEncoding: string }): Promise<void>;
}

const LEVEL_OPTIONS = { compression: false, maxFileSize: 2 ** 20 } as const;

/** Snapshots hold all versions of one key, which lie in several tables of level 1 then. */
async function writeSharedKey(database: Writable): Promise<Array<{ close(): Promise<void> }>> {
  const put = (key: string, value: string) => database.put(bytes(key), bytes(value), VIEW);
  // Below, two tables apart: LevelDB does not take the others along then.
  await put('a', 'below');
  await put('ab', 'below');
  await compact(database, '', 'zz');
  await put('zz', 'below');
  await compact(database, 'zy', 'zzy');
  await put('a1', 'first');
  const snapshots: Array<{ close(): Promise<void> }> = [];
  for (let version = 0; version < VERSIONS; version++) {
    if (version === VERSIONS / 2) await compact(database, 'k', 'kz');
    await put('k', `${version} `.padEnd(50_000, 'v'));
    snapshots.push(database.snapshot());
  }
  await put('zzz', 'last');
  await compact(database, 'k', 'kz');
  return snapshots;
}

/** That does not contain the key. */
async function compactBeside(database: Writable): Promise<void> {
  await compact(database, 'a', 'ab');
}

function compact(database: Writable, start: string, end: string): Promise<void> {
  return database.compactRange(bytes(start), bytes(end), { keyEncoding: 'view' });
}

async function versionOf(database: Pick<Writable, 'get'>): Promise<number> {
  return Number.parseInt(text((await database.get(bytes('k'), VIEW)) ?? bytes('-1')), 10);
}

async function staleDirectory(): Promise<string> {
  const directory = join(temporaryDirectory(), 'level');
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, { ...VIEW, ...LEVEL_OPTIONS });
  const snapshots = await writeSharedKey(level as unknown as Writable);
  await compactBeside(level as unknown as Writable);
  // LevelDB's own fault: with it gone from LevelDB, all of this can go.
  expect(await versionOf(level as unknown as Writable)).toBeLessThan(NEWEST);
  for (const snapshot of snapshots) await snapshot.close();
  await level.close();
  return directory;
}

describe('compactRange', () => {
  it('beside a key that lies in several tables of a level leaves get what iteration shows', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'), LEVEL_OPTIONS);
    const snapshots = await writeSharedKey(store as unknown as Writable);
    const shown = await Promise.all(snapshots.map((snapshot) => read(snapshot)));
    expect(shown).toEqual(snapshots.map((_, version) => version));
    await compactBeside(store as unknown as Writable);
    expect(await versionOf(store as unknown as Writable)).toBe(NEWEST);
    await expectContents(store, await contentsOf(store));
    // A snapshot keeps its generation, and what it shows.
    expect(await Promise.all(snapshots.map((snapshot) => read(snapshot)))).toEqual(shown);
    for (const snapshot of snapshots) await snapshot.close();

    async function read(snapshot: unknown): Promise<number> {
      const value = await store.get(bytes('k'), { ...VIEW, snapshot } as object);
      return Number.parseInt(text(value as unknown as Uint8Array), 10);
    }
  });

  it('under snapshots again and again leaves no two tables that share a key', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'), LEVEL_OPTIONS);
    const snapshots: Array<{ close(): Promise<void> }> = [];
    for (let round = 0; round < 3; round++) {
      snapshots.push(...(await writeSharedKey(store as unknown as Writable)));
      await compact(store as unknown as Writable, '', 'zzzz');
      const [generation = ''] = generationNames(store.location).slice(-1);
      const { version } = readManifest(join(store.location, generation));
      expect(shadowedKeys(version.levels).size).toBe(0);
      expect(await versionOf(store as unknown as Writable)).toBe(NEWEST);
    }
    for (const snapshot of snapshots) await snapshot.close();
  });
});

/** A store of these levels, not opened. */
async function storeOf(levels: CraftedLevels): Promise<string> {
  const directory = temporaryDirectory();
  writeLevelDirectory(join(directory, 'level'), levels);
  await adopt(join(directory, 'level'), join(directory, 'store'));
  return join(directory, 'store');
}

const pair: CraftedLevels = {
  1: [
    [
      { key: 'a', sequence: 1, value: 'a' },
      { key: 'k', sequence: 7, value: 'new' },
    ],
    [
      { key: 'k', sequence: 3, value: 'old' },
      { key: 'z', sequence: 4, value: 'z' },
    ],
  ],
};
const staleByBounds: CraftedLevels = {
  1: [
    [
      { key: 'k', sequence: 3, value: 'old' },
      { key: 'k', sequence: 2, value: 'older' },
      { key: 'z', sequence: 4, value: 'z' },
    ],
  ],
  2: [
    [
      { key: 'a', sequence: 1, value: 'a' },
      { key: 'k', sequence: 7, value: 'new' },
    ],
  ],
};
const staleInside: CraftedLevels = {
  1: staleByBounds[1] ?? [],
  3: [
    [
      { key: 'a', sequence: 1, value: 'a' },
      { key: 'k', sequence: 7, value: 'new' },
      { key: 'm', sequence: 5, value: 'm' },
    ],
  ],
};

describe('a store in which LevelDB has left an old version of a key above a newer one', () => {
  it('is healed when it is opened, as LevelDB made it', async () => {
    const directory = await staleDirectory();
    const location = join(temporaryDirectory(), 'store');
    await adopt(directory, location);
    const report = await verifyStore(location);
    expect(report.problems).toHaveLength(1);
    const store = await openThreadedStore(location, LEVEL_OPTIONS);
    expect(await versionOf(store as unknown as Writable)).toBe(NEWEST);
    await expectContents(store, await contentsOf(store));
    await store.close();
    expect(await verifyStore(location)).toMatchObject({ ok: true, notes: [] });
  });

  it.each([
    ['two tables of a level share a key', pair, 0],
    ['the newer version is a deeper table’s last', staleByBounds, 1],
    [
      'the newer version is a deeper table’s first',
      { ...staleByBounds, 2: [[{ key: 'k', sequence: 7, value: 'new' }]] },
      1,
    ],
  ])('is healed when it is opened, where %s', async (_, levels, problems) => {
    const location = await storeOf(levels);
    const before = await verifyStore(location);
    expect(before.problemCount).toBe(problems);
    expect(JSON.stringify([before.problems, before.notes])).toMatch(/snapshot.*open/);
    const store = await openStore(location);
    expect(text((await store.get(bytes('k'), VIEW)) ?? bytes(''))).toBe('new');
    await expectContents(store, await contentsOf(store));
    await store.close();
    expect(await verifyStore(location)).toMatchObject({ ok: true, notes: [] });
  });

  it('is named by verify with the cure, where bounds do not show it', async () => {
    const location = await storeOf(staleInside);
    const { problems } = await verifyStore(location);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(/6b.*get returns the older version.*compactRange/);
    const store = await openStore(location);
    await store.compactRange(bytes('x'), bytes('y'));
    expect(text((await store.get(bytes('k'), VIEW)) ?? bytes(''))).toBe('new');
    await expectContents(store, await contentsOf(store));
    await store.close();
    expect(await verifyStore(location)).toMatchObject({ ok: true, notes: [] });
  });

  it('is healed by compacting the key alone, wherever its versions lie', async () => {
    const location = await storeOf({
      1: [
        [
          { key: 'b', sequence: 8, value: 'b' },
          { key: 'k', sequence: 3, value: 'old' },
          { key: 'z', sequence: 9, value: 'z' },
        ],
      ],
      4: staleInside[3] ?? [],
    });
    expect((await verifyStore(location)).problems[0]?.message).toMatch(
      /6b.*from the key to itself/,
    );
    const store = await openStore(location);
    await store.compactRange(bytes('k'), bytes('k'));
    expect(text((await store.get(bytes('k'), VIEW)) ?? bytes(''))).toBe('new');
    await expectContents(store, await contentsOf(store));
    await store.close();
    expect(await verifyStore(location)).toMatchObject({ ok: true, notes: [] });
  });

  it('gives the newer version to who extracts it', async () => {
    const location = await storeOf(staleByBounds);
    const source = await openReadOnly<Uint8Array, Uint8Array>(location, VIEW);
    onTestFinished(() => source.close());
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await base.ingestFrom(source, [span('')]);
    expect(text((await base.get(bytes('k'), VIEW)) ?? bytes(''))).toBe('new');
    await expectContents(base, await contentsOf(base));
  });

  it('keeps no pair over a commit elsewhere', async () => {
    const location = await storeOf(pair);
    const store = await openStore(location);
    expect(await store.metrics()).toMatchObject({ generation: 2 });
    await store.excise([span('x', 'y')]);
    expect([...(await contentsOf(store))]).toEqual([
      ['a', 'a'],
      ['k', 'new'],
      ['z', 'z'],
    ]);
  });
});

describe('a version', () => {
  it('has tables that begin with one key in the order of its versions, whatever the MANIFEST’s', async () => {
    const level = writeLevelDirectory(join(temporaryDirectory(), 'level'), {
      1: [
        [
          { key: 'a', sequence: 1, value: 'a' },
          { key: 'k', sequence: 9, value: 'new' },
        ],
        [{ key: 'k', sequence: 7, value: 'old' }],
        [
          { key: 'k', sequence: 5, value: 'older' },
          { key: 'z', sequence: 4, value: 'z' },
        ],
      ],
    });
    const tables = level.levels[1] ?? [];
    const added = tables.toReversed().map((table) => ({ level: 1, table }));
    const { levels } = applyEdits([{ ...level, deleted: [], added }], 'MANIFEST');
    expect(levels[1]?.map(({ number }) => number)).toEqual([3, 4, 5]);
  });
});

describe('shadowedKeys', () => {
  it('tells nothing of levels that are in order', () => {
    const { levels } = writeLevelDirectory(join(temporaryDirectory(), 'level'), {
      0: [[{ key: 'k', sequence: 9, value: '9' }]],
      1: [
        [
          { key: 'b', sequence: 8, value: '8' },
          { key: 'k', sequence: 8, value: '8' },
        ],
        [{ key: 'l', sequence: 8, value: '8' }],
      ],
      2: [
        [{ key: 'a', sequence: 1, value: '1' }],
        [
          { key: 'b', sequence: 3, value: '3' },
          { key: 'l', sequence: 3, value: '3' },
        ],
      ],
    });
    expect(shadowedKeys(levels).size).toBe(0);
  });

  it('tells of every table of a level that begins with a neighbour’s last key', () => {
    const { levels } = writeLevelDirectory(join(temporaryDirectory(), 'level'), {
      2: [
        [
          { key: 'a', sequence: 9, value: '9' },
          { key: 'k', sequence: 9, value: '9' },
        ],
        [{ key: 'k', sequence: 8, value: '8' }],
        [{ key: 'k', sequence: 7, value: '7' }],
      ],
    });
    expect([...shadowedKeys(levels).keys()]).toEqual([4, 5]);
  });
});
