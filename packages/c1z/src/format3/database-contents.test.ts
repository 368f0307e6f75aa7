import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutEntries, tableDatabase } from '../../test/format3-databases.js';
import { encodeFormat3 } from '../../test/format3-files.js';
import { FIRST_SYNC, smallSync } from '../../test/small-syncs.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { checkLimits } from '../options.js';
import { DatabaseContents } from './database-contents.js';

test('a page that is refused again and again keeps no tables open', async () => {
  await loadXxhash();
  const directory = mkdtempSync(join(tmpdir(), 'database-contents-'));
  const path = join(directory, 'some.c1z');
  const entries = layoutEntries('pebble3', smallSync(FIRST_SYNC)).map(({ key, value }) => ({
    key,
    // Every grant is damaged.
    value: key[1] === 4 ? Uint8Array.of(0xff, ...value) : value,
  }));
  const files = await tableDatabase(entries);
  writeFileSync(path, encodeFormat3({ engine: 'pebble3', encoding: 'tar', files }));
  const fileDescriptor = openSync(path, 'r');
  const fileBytes = statSync(path).size;
  const limits = checkLimits({ batchRecords: 1, pebble: { maxOpenBytes: 2 ** 16 } }, 3, fileBytes);
  const file = { fileDescriptor, path, fileBytes };
  const contents = await DatabaseContents.open(file, directory, limits, () => {});
  const asked = { bucket: 'grant', syncId: FIRST_SYNC, after: undefined } as const;
  for (let count = 0; count < 100; count += 1) {
    expect(() => contents.page(asked)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_C1Z_CORRUPT' }),
    );
  }
  contents.close();
  closeSync(fileDescriptor);
  rmSync(directory, { recursive: true });
});
