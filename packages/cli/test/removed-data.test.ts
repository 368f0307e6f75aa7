// Dropped data is in no file of the store, nor of a checkpoint with --purge.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSyncId } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { withLocalStore } from '../src/stores/open-store.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { openElsewhere } from './process.js';

const [FIRST, SECOND] = [0, 1].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
];

let template: string;
let store: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-removed-'));
  const loaded = join(template, 'loaded');
  await sstitchJson('generate', loaded, '--grants', '3000', '--syncs', '2');
  // Tables with keys of both syncs, as LevelDB writes them from batches.
  await withLocalStore(join(template, 'store'), 'create', async (written) => {
    await withLocalStore(loaded, 'refuse', async (store) => {
      const entries = await store.iterator().all();
      await written.batch(entries.map(([key, value]) => ({ type: 'put', key, value })));
    });
    await written.compactRange(new Uint8Array(0), Uint8Array.of(255));
  });
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  store = join(testDirectory(), 'store');
  cpSync(join(template, 'store'), store, { recursive: true });
});

/** The files that contain the id of a sync, which is in each of its keys. */
function naming(syncId: string, directory: string): string[] {
  const id = Buffer.from(parseSyncId(syncId));
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return naming(syncId, path);
    return readFileSync(path).includes(id) ? [path] : [];
  });
}

it('drop leaves no byte of the sync, by default', async () => {
  expect(naming(FIRST, store)).not.toEqual([]);
  const document = await sstitchJson('drop', store, '--sync', FIRST, '--yes');
  expect(document).toMatchObject({ purge: { readers: 0, directories: [] } });
  expect(naming(FIRST, store)).toEqual([]);
  expect(naming(SECOND, store)).not.toEqual([]);
  expect((await sstitch(['verify', store])).exitCode).toBe(0);
});

it('drop --no-purge leaves bytes in shared files; checkpoint --purge omits them', async () => {
  const document = await sstitchJson('drop', store, '--sync', FIRST, '--yes', '--no-purge');
  expect(document).not.toHaveProperty('purge');
  expect(naming(FIRST, store)).not.toEqual([]);
  await sstitchJson('checkpoint', store, `${store}-linked`);
  expect(naming(FIRST, `${store}-linked`)).not.toEqual([]);
  await sstitchJson('checkpoint', store, `${store}-given`, '--purge');
  expect(naming(FIRST, `${store}-given`)).toEqual([]);
  expect((await sstitch(['verify', `${store}-given`])).exitCode).toBe(0);
});

it('checkpoint --purge omits them while another process has the store open', async () => {
  await sstitchJson('drop', store, '--sync', FIRST, '--yes', '--no-purge');
  const close = await openElsewhere(store);
  try {
    await sstitchJson('checkpoint', store, `${store}-given`, '--purge');
    await sstitchJson('checkpoint', store, `${store}-pebble`, '--format', 'pebble');
  } finally {
    await close();
  }
  expect(naming(FIRST, `${store}-given`)).toEqual([]);
  expect(naming(FIRST, `${store}-pebble`)).toEqual([]);
  expect(naming(SECOND, `${store}-given`)).not.toEqual([]);
  expect(await digestsOf(`${store}-given`)).toEqual(await digestsOf(store));
});

it('checkpoint --format pebble omits them, and creates a directory with the marker files of Pebble', async () => {
  await sstitchJson('drop', store, '--sync', FIRST, '--yes', '--no-purge');
  const target = `${store}-pebble`;
  const document = await sstitchJson('checkpoint', store, target, '--format', 'pebble');
  expect(document).toMatchObject({ store: target, linkedBytes: 0 });
  expect(naming(FIRST, target)).toEqual([]);
  expect(readdirSync(target).filter((name) => name.startsWith('marker.')).length).toBe(2);
});

it('compact --purge leaves nothing of a sync that the source does not hold', async () => {
  const source = join(testDirectory(), 'source');
  await sstitchJson('generate', source, '--grants', '10', '--seed', '9');
  const line = ['--base', store, '--from', source, '--sync', FIRST, '--allow-empty', '--purge'];
  expect(await sstitchJson('compact', ...line)).toMatchObject({
    emptied: [FIRST],
    purge: { readers: 0, directories: [] },
  });
  expect(naming(FIRST, store)).toEqual([]);
});

it('compact refuses --purge with the strategy batch', async () => {
  const line = ['compact', '--base', store, '--from', join(template, 'loaded'), '--sync', FIRST];
  const { exitCode, stderr } = await sstitch([...line, '--strategy', 'batch', '--purge']);
  expect(stderr).toMatch(/purge requires the strategy link or rebuild/);
  expect(exitCode).toBe(2);
});
