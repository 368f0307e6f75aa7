import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeInternalKey } from '../encoding/internal-key.js';
import { nodeFileSystem } from '../files/node-file-system.js';
import { TableBuilder } from './table-builder.js';

test('a table builder refuses keys and values that are not bytes, and is not changed by them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'check-bytes-'));
  const path = join(directory, 'a.table');
  const file = nodeFileSystem.open(path, 'create');
  const builder = new TableBuilder(file, { path });
  const key = (text: string) => makeInternalKey(Buffer.from(text), 1, 'value');
  builder.add(key('a'), Buffer.from('1'));
  for (const [wrongKey, value, what] of [
    ['b'.repeat(9), Buffer.from('2'), 'key'],
    [key('b'), 'text', 'value'],
    [key('b'), { length: 3 }, 'value'],
    [key('b'), null, 'value'],
    [undefined, Buffer.from('2'), 'key'],
  ]) {
    expect(() => builder.add(wrongKey as never, value as never)).toThrow(
      expect.objectContaining({
        name: 'SstError',
        code: 'SSTITCH_TABLE_OPTIONS',
        message: expect.stringContaining(`entry 1: the ${what} must be a Uint8Array`),
      }),
    );
  }
  builder.add(key('b'), Buffer.from('2'));
  expect(builder.finish().entries).toBe(2);
  file.close();
  rmSync(directory, { recursive: true });
});
