import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import { expect, test } from 'vitest';
import { sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

/** Creates a closed store with ten writes in one log. */
async function closedStore() {
  const path = join(testDirectory(), 'base');
  const store = new Store(path);
  for (let index = 0; index < 10; index++) await store.put(`key-${index}`, 'value '.repeat(20));
  await store.close();
  const directory = join(path, 'gen-000001');
  const log = readdirSync(directory).find((name) => name.endsWith('.log')) ?? '';
  return { path, log: join(directory, log) };
}

test('salvage truncates the log at the damage and says where the whole log is, and the store opens again', async () => {
  const { path, log } = await closedStore();
  const content = readFileSync(log);
  const damageAt = Math.floor(content.length / 2);
  content.writeUInt8(content.readUInt8(damageAt) ^ 1, damageAt);
  writeFileSync(log, content);
  const refused = await sstitch(['syncs', path]);
  expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining(log)]);
  expect(refused.stderr).toContain('sstitch salvage');
  const { exitCode, stdout } = await sstitch(['salvage', path]);
  expect(exitCode).toBe(0);
  const copy = join(path, 'salvaged', `gen-000001-${log.slice(-10)}`);
  expect(stdout).toContain(`the whole log is in ${copy}`);
  expect(stdout).toMatch(/kept 5 operations before the damage/);
  expect(readFileSync(copy)).toEqual(content);
  const store = new Store(path);
  expect([await store.get('key-4'), await store.get('key-5')]).toEqual([
    'value '.repeat(20),
    undefined,
  ]);
  await store.close();
});

test('salvage changes nothing in an undamaged store and says so', async () => {
  const { path, log } = await closedStore();
  const before = readFileSync(log);
  const document = await sstitchJson<{ logs: unknown[]; droppedBytes: number }>('salvage', path);
  expect(document).toMatchObject({ store: path, logs: [], droppedBytes: 0 });
  expect([readFileSync(log), existsSync(join(path, 'salvaged'))]).toEqual([before, false]);
});

test('salvage refuses a directory that is not a store', async () => {
  expect((await sstitch(['salvage', join(testDirectory(), 'none')])).exitCode).toBe(5);
});
