import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RowWriter } from './row-writer.js';
import { UTC } from './zones.js';

test('a database that cannot be made is an error of the file system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'row-writer-'));
  const path = join(directory, 'some.c1z');
  expect(() => new RowWriter(path, path, join(directory, 'missing'), UTC)).toThrow(
    expect.objectContaining({ code: 'SSTITCH_FILE_OPERATION', path }),
  );
  await rm(directory, { recursive: true });
});
