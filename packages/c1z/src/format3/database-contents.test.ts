import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layoutEntries, tableDatabase } from '../../test/format3-databases.js';
import { encodeFormat3 } from '../../test/format3-files.js';
import { FIRST_SYNC, smallSync } from '../../test/small-syncs.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { type C1zOptions, checkLimits } from '../options.js';
import { DatabaseContents } from './database-contents.js';

let directory: string;
beforeEach(async () => {
  await loadXxhash();
  directory = mkdtempSync(join(tmpdir(), 'database-contents-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Passes the contents of a file with some entries to `use`. */
async function reading(
  entries: Parameters<typeof tableDatabase>[0],
  options: C1zOptions,
  use: (contents: DatabaseContents) => void,
): Promise<void> {
  const path = join(directory, 'some.c1z');
  const files = await tableDatabase(entries);
  writeFileSync(path, encodeFormat3({ engine: 'pebble3', encoding: 'tar', files }));
  const fileDescriptor = openSync(path, 'r');
  const fileBytes = statSync(path).size;
  const limits = checkLimits(options, 3, fileBytes);
  const file = { fileDescriptor, path, fileBytes };
  const contents = await DatabaseContents.open(file, directory, limits, () => {});
  use(contents);
  contents.close();
  closeSync(fileDescriptor);
}

const GRANTS = { bucket: 'grant', syncId: FIRST_SYNC, after: undefined } as const;

test('a page that is refused again and again keeps no tables open', async () => {
  const entries = layoutEntries('pebble3', smallSync(FIRST_SYNC)).map(({ key, value }) => ({
    key,
    // Every grant is damaged.
    value: key[1] === 4 ? Uint8Array.of(0xff, ...value) : value,
  }));
  await reading(entries, { batchRecords: 1, pebble: { maxOpenBytes: 2 ** 16 } }, (contents) => {
    for (let count = 0; count < 100; count += 1) {
      expect(() => contents.page(GRANTS)).toThrow(
        expect.objectContaining({ code: 'SSTITCH_C1Z_CORRUPT' }),
      );
    }
  });
});

test.each([
  ['is damaged', Uint8Array.of(0xff)],
  ['belongs under another key', new Uint8Array(0)],
])('the message about a record that %s shows the beginning of its key', async (_, value) => {
  const entries = layoutEntries('pebble3', smallSync(FIRST_SYNC));
  const at = entries.findIndex(({ key }) => key[1] === 4);
  const first = entries[at]?.key ?? new Uint8Array(0);
  const long = new Uint8Array(first.length + 2 ** 20);
  long.set(first);
  entries.splice(at + 1, 0, { key: long, value });
  await reading(entries, {}, (contents) => {
    expect(() => contents.page(GRANTS)).toThrow(/ key [0-9a-f]{128}…[^…]{1,400}$/);
  });
});
