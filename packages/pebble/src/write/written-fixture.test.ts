import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, it, onTestFinished } from 'vitest';
import { listDatabase } from '../../test/list-entries.js';
import { keptFiles, linesOf } from '../../test/made-entries.js';
import { MemoryFiles } from '../../test/memory-files.js';
import { WRITTEN_OPTIONS, writtenEntries, writtenFiles } from '../../test/written-fixture.js';
import { writePebbleDatabase } from '../index.js';

it('the writer reproduces the files of the fixture, byte for byte', async () => {
  const { files, sink } = keptFiles();
  await writePebbleDatabase(sink, writtenEntries(), WRITTEN_OPTIONS);
  const expected = writtenFiles();
  expect([...files.keys()]).toEqual([...expected.keys()]);
  for (const [name, bytes] of files) {
    expect(Buffer.compare(bytes, expected.get(name) as Uint8Array), name).toBe(0);
  }
});

it('the reader finds the entries from which the fixture was made', async () => {
  expect(await listDatabase(new MemoryFiles(writtenFiles()))).toEqual(linesOf(writtenEntries()));
});

it('LevelDB reads the fixture', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pebble-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, bytes] of writtenFiles()) writeFileSync(join(directory, name), bytes);
  const options = { keyEncoding: 'view', valueEncoding: 'view', createIfMissing: false } as const;
  const database = new ClassicLevel<Uint8Array, Uint8Array>(directory, options);
  await database.open();
  const entries = await database.iterator().all();
  await database.close();
  expect(linesOf(entries.map(([key, value]) => ({ key, value })))).toEqual(
    linesOf(writtenEntries()),
  );
});
