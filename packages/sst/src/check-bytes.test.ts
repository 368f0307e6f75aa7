import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { describeValue, isBytes } from './check-bytes.js';
import { makeInternalKey } from './internal-key.js';
import { nodeFileSystem } from './node-file-system.js';
import { TableBuilder } from './table-builder.js';

function transferred(length: number): Uint8Array {
  const gone = new Uint8Array(length);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  return gone;
}

test.each([
  new Uint8Array(0),
  new Uint8Array(3),
  new Uint8Array(3).subarray(1, 1),
  Buffer.alloc(0),
  Buffer.from('text'),
  new Uint8Array(new SharedArrayBuffer(4)),
  new Uint8Array(new SharedArrayBuffer(0)),
  runInNewContext('new Uint8Array(2)'),
  runInNewContext('new Uint8Array(0)'),
])('bytes are Uint8Arrays of any kind and realm', (value) => {
  expect(isBytes(value)).toBe(true);
});

test.each([
  ['text', 'a string'],
  [5, 'a number'],
  [null, 'null'],
  [undefined, 'undefined'],
  [[1, 2], 'an array of 2'],
  [{ length: 2 }, 'an object'],
  [new ArrayBuffer(2), 'an object of class ArrayBuffer'],
  [new DataView(new ArrayBuffer(2)), 'an object of class DataView'],
  [new Uint16Array(2), 'an object of class Uint16Array'],
  [new Uint8ClampedArray(2), 'an object of class Uint8ClampedArray'],
  [Object.create(null), 'an object'],
  [{ [Symbol.toStringTag]: 'Uint8Array' }, 'an object'],
  [transferred(3), 'a Uint8Array whose memory was transferred away'],
  [transferred(0), 'a Uint8Array whose memory was transferred away'],
])('%o is no bytes but %s', (value, description) => {
  expect(isBytes(value)).toBe(false);
  expect(describeValue(value)).toBe(description);
});

test('a table builder refuses a key and a value that are no bytes, and stays as it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-bytes-'));
  const path = join(folder, 'a.table');
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
  rmSync(folder, { recursive: true });
});
