import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { bytes, openStore, put, temporaryDirectory, text, VIEW } from '../../test/store-fixture.js';
import { InlinePool } from '../threads/inline-pool.js';
import { checkFlushed, flushGeneration } from './flush.js';
import { openLevelDatabase } from './level-database.js';
import { levelOptionsOf } from './level-options.js';
import { readVersion } from './manifest.js';

const pool = new InlinePool(nodeFileSystem);

async function writtenDatabase() {
  const directory = temporaryDirectory();
  const options = { ...levelOptionsOf({}), createIfMissing: true };
  const database = await openLevelDatabase(directory, options);
  await database._batch([{ type: 'put', key: bytes('key'), value: bytes('value') }], {});
  return { directory, database };
}

test('a flush that LevelDB marks as done without flushing is repeated', async () => {
  const { directory, database } = await writtenDatabase();
  const compactRange = database.compactRange.bind(database);
  let asked = 0;
  // Nothing happens, as when another writer's group marks the flush as done.
  database.compactRange = async (...range) => {
    asked += 1;
    if (asked > 3) await compactRange(...range);
  };
  const leastLogNumber = await flushGeneration(pool, directory, database);
  expect(asked).toBe(4);
  expect(() =>
    checkFlushed(readVersion(nodeFileSystem, directory), leastLogNumber, directory),
  ).not.toThrow();
  await database.close();
});

test('a flush that never takes effect is detected', async () => {
  const { directory, database } = await writtenDatabase();
  database.compactRange = async () => undefined;
  const leastLogNumber = await flushGeneration(pool, directory, database);
  expect(() =>
    checkFlushed(readVersion(nodeFileSystem, directory), leastLogNumber, directory),
  ).toThrow(expect.objectContaining({ code: 'SSTITCH_LEVELDB' }));
  await database.close();
});

test('checkpoints with continuous writers hold all writes acknowledged before', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'));
  await put(store, [['first', 'there']]);
  let isOver = false;
  let count = 0;
  const writers = Array.from({ length: 6 }, async () => {
    while (!isOver) await put(store, [[`k${count++ % 1000}`, 'value '.repeat(30)]]);
  });
  try {
    for (let round = 0; round < 100; round++) {
      const path = join(directory, `copy-${round}`);
      await store.checkpoint(path);
      if (round % 25 !== 0) continue;
      const copy = await openStore(path);
      expect(text((await copy.get(bytes('first'), VIEW)) ?? bytes('none'))).toBe('there');
      await copy.close();
    }
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
});
