import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { describeValue, isBytes } from './check-bytes.js';

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
])('accepts a Uint8Array of any subclass and realm as bytes', (value) => {
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
  [transferred(3), 'a Uint8Array whose memory was transferred to another thread'],
  [transferred(0), 'a Uint8Array whose memory was transferred to another thread'],
])('refuses %o as bytes and describes it as %s', (value, description) => {
  expect(isBytes(value)).toBe(false);
  expect(describeValue(value)).toBe(description);
});
