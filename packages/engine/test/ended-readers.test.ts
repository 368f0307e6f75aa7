// Which private copies of read-only opens are removed: those of ended processes, in whatever container these ran.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openReadOnly } from '../src/index.js';
import { processNamespace } from '../src/store-directory/process-namespace.js';
import { kill, messageOf, openedElsewhere, startChild } from './child-process.js';
import {
  compactFully,
  currentDirectory,
  expectContents,
  numbered,
  openStore,
  put,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { watchedFileSystem } from './watched-file-system.js';

const READ_ONLY = { ...VIEW, fileSystem: nodeFileSystem };
/** No process has this id, which is above Linux's limit. */
const NO_PROCESS = 99_999_999;
/** Linux's limit, which a host seldom reaches. */
const FREE_ID = 2 ** 22 - 1;
const CONTENTS = numbered('k', 20, 'v');

/** Opens a store whose entries are in a table, which LevelDB opens by name when it reads it. */
async function openFilledStore() {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, CONTENTS);
  await compactFully(store);
  return store;
}

/** The names of the copies in a store. */
function copiesIn(store: { readonly location: string }): string[] {
  return readdirSync(join(store.location, 'readers')).sort();
}

/** Starts a process that reads the store, and names its copy as `settings` say. */
async function startReader(location: string, settings: object) {
  const child = startChild('read-only', location, JSON.stringify(settings));
  expect(await messageOf(child)).toBe('open');
  return child;
}

async function expectReads(child: Awaited<ReturnType<typeof startReader>>): Promise<void> {
  const answer = messageOf(child);
  child.send('k0001');
  expect(await answer).toEqual({ value: CONTENTS.get('k0001') });
}

describe('the copy of a process that runs', () => {
  test.each([
    ['an id that no process has', { id: NO_PROCESS }],
    ['an id that no process here has, of another container', { id: NO_PROCESS, host: 'elsewhere' }],
    ['the id of this process, of another container', { id: process.pid, host: 'elsewhere' }],
  ])('is kept by opens and purges, though its name has %s', async (_, settings) => {
    const store = await openFilledStore();
    const child = await startReader(store.location, settings);
    const [copy] = copiesIn(store);
    expect(copy).toContain(`-${settings.id}-`);
    await store.close();
    const owner = await openStore(store.location);
    const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, READ_ONLY);
    await expectContents(reader, CONTENTS);
    await reader.close();
    const { purge } = await owner.excise([span('x')], { purge: true });
    expect(purge?.directories).toEqual([join(store.location, 'readers', copy ?? '')]);
    await expectReads(child);
    await kill(child);
  });

  test.runIf(process.platform === 'linux')(
    'is kept, and keeps its lock, if it is this process',
    async () => {
      const store = await openFilledStore();
      const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, READ_ONLY);
      const [copy = ''] = copiesIn(store);
      // Each of these looks for copies to remove.
      await (await openReadOnly(store.location, READ_ONLY)).close();
      await store.excise([span('x')], { purge: true });
      expect(copiesIn(store)).toEqual([copy]);
      // A process of another container sees nothing but the lock.
      const child = await startReader(store.location, { host: 'elsewhere' });
      expect(copiesIn(store)).toContain(copy);
      await expectContents(reader, CONTENTS);
      await kill(child);
      await reader.close();
    },
  );

  test('is kept until it has been opened, by the name of its process', async () => {
    const store = await openFilledStore();
    const here = processNamespace();
    const kept = [`${here}-${process.pid}-1`, `0badc0de-${NO_PROCESS}-1`, `${process.pid}-1`];
    const gone = [`${here}-${NO_PROCESS}-1`, `${NO_PROCESS}-1`];
    for (const name of [...kept, ...gone]) {
      mkdirSync(join(store.location, 'readers', name, 'copy'), { recursive: true });
    }
    await store.excise([span('x')], { purge: true });
    expect(copiesIn(store)).toEqual(kept.sort());
  });
});

/** Only Linux shows which files a process has open. */
const OWN_IDS =
  process.platform === 'linux'
    ? [{ name: 'the id of this process', settings: { id: process.pid } }]
    : [];

describe('the copy of a killed process', () => {
  test.each([
    { name: 'an id that another process has', settings: { id: process.ppid } },
    ...OWN_IDS,
    { name: 'an id of another container', settings: { id: 1, host: 'elsewhere' } },
    {
      name: 'an id of another container, which no process here has',
      settings: { id: NO_PROCESS, host: 'elsewhere' },
    },
  ])('is removed by opens and purges, though its name has $name', async ({ settings }) => {
    const store = await openFilledStore();
    const killOne = async () => {
      await kill(await startReader(store.location, settings));
      expect(copiesIn(store)).toHaveLength(1);
    };
    await killOne();
    const { purge } = await store.excise([span('x')], { purge: true });
    expect(purge?.directories).toEqual([]);
    await killOne();
    await (await openReadOnly(store.location, READ_ONLY)).close();
    expect(copiesIn(store)).toEqual([]);
    await killOne();
    await store.close();
    await openStore(store.location);
    expect(copiesIn(store)).toEqual([]);
  });
});

test('a reader whose copy is taken before LevelDB has locked it makes another', async () => {
  const store = await openFilledStore();
  const readers = join(store.location, 'readers');
  const fileSystem = watchedFileSystem();
  const taken: string[] = [];
  fileSystem.before = ({ name, path }) => {
    // The CURRENT of the copy is written: what follows is the check of the copy, and LevelDB's open.
    if (taken.length === 3 || name !== 'status' || !path.startsWith(readers)) return;
    const [copy = ''] = copiesIn(store);
    if (!existsSync(join(readers, copy, 'copy', 'CURRENT'))) return;
    taken.push(copy);
    rmSync(join(readers, copy), { recursive: true });
  };
  const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, {
    ...VIEW,
    fileSystem,
  });
  expect(new Set(taken).size).toBe(3);
  await expectContents(reader, CONTENTS);
  await reader.close();
  expect(copiesIn(store)).toEqual([]);
});

test('readers of many containers open and close, each with its copies, and none fails', async () => {
  const store = await openFilledStore();
  const children = ['one', 'two', 'three'].map((host) =>
    startChild('read-only', store.location, JSON.stringify({ id: NO_PROCESS, host, rounds: 60 })),
  );
  expect(await Promise.all(children.map((child) => messageOf(child)))).toEqual([
    ...['done', 'done', 'done'],
  ]);
  expect(copiesIn(store)).toEqual([]);
  await expectContents(store, CONTENTS);
});

test('a copy that is a link to a database is removed without the database', async () => {
  const store = await openFilledStore();
  const path = join(temporaryDirectory(), 'precious');
  const precious = new ClassicLevel(path);
  await precious.put('k', 'v');
  await precious.close();
  const outer = join(store.location, 'readers', `${processNamespace()}-${NO_PROCESS}-1`);
  mkdirSync(outer, { recursive: true });
  symlinkSync(path, join(outer, 'copy'));
  await store.excise([span('x')], { purge: true });
  expect(existsSync(outer)).toBe(false);
  await precious.open();
  expect(await precious.get('k')).toBe('v');
  await precious.close();
});

test('a copy whose LOCK is a link to that of the store does not cost the store its lock', async () => {
  const store = await openFilledStore();
  const copy = join(store.location, 'readers', `${processNamespace()}-${process.ppid}-1`, 'copy');
  mkdirSync(copy, { recursive: true });
  linkSync(join(await currentDirectory(store), 'LOCK'), join(copy, 'LOCK'));
  await (await openReadOnly(store.location, READ_ONLY)).close();
  expect(await openedElsewhere(store.location)).toBe('LEVEL_LOCKED');
});

test('a reader in another process namespace keeps its copy until it ends', async (context) => {
  const store = await openFilledStore();
  const script = fileURLToPath(new URL('./children/read-only.mjs', import.meta.url));
  // The next process of the namespace gets an id that no process has outside.
  const setId = `echo ${FREE_ID - 1} > /proc/sys/kernel/ns_last_pid`;
  const flags = ['--pid', '--fork', '--kill-child', 'sh', '-c'];
  const trial = spawnSync('unshare', [...flags, setId]);
  if (trial.status !== 0) context.skip(`no namespace can be made here: ${trial.stderr}`);
  const line = [...flags, `${setId} && "$@"; true`, 'sh', process.execPath];
  const child = spawn('unshare', [...line, script, store.location], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await messageOf<string>(child)).toBe('open');
  const copies = copiesIn(store);
  expect(copies).toEqual([expect.stringMatching(new RegExp(`^[0-9a-f]{8}-${FREE_ID}-`))]);
  expect(copies[0]).not.toContain(processNamespace());
  await (await openReadOnly(store.location, READ_ONLY)).close();
  expect(copiesIn(store)).toEqual(copies);
  await expectReads(child);
  await kill(child);
  // The process in the namespace ends with `unshare`, but not at once.
  await expect
    .poll(async () => {
      await (await openReadOnly(store.location, READ_ONLY)).close();
      return copiesIn(store);
    })
    .toEqual([]);
});
