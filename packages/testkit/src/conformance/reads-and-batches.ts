// Guarantees 1 to 5 of the contract without replacements: order, agreement, batches, read your writes, views.

import assert from 'node:assert/strict';
import { byteEncodings } from '@sstitch/contract';
import { bytes, type DeclareTest, drain, text } from './subject.js';

const AWKWARD_KEYS = [
  '\0',
  '\0\0',
  '\x01',
  'a',
  'a\0',
  'a\0\0',
  'a\x01',
  'a\xff',
  'a\xff\xff',
  'b',
];
const ALSO_AWKWARD = ['\x7f', '\x80', '\xff', '\xff\0', '\xff\xff', '\xff'.repeat(80)];

export function testReadsAndBatches(test: DeclareTest): void {
  test('1. iterates in bytewise order, whatever the bytes of the keys and the order of their writes', async (t) => {
    const keys = [...AWKWARD_KEYS, ...ALSO_AWKWARD];
    for (const key of keys.toReversed()) await t.put([[key, `value of ${key}`]]);
    await t.holdsForGood(keys.map((key) => [key, `value of ${key}`] as const));
  });

  test('1. iterates ranges with each kind of bound, in both directions, with limits', async (t) => {
    await t.put({ a: '1', b: '2', c: '3', d: '4' });
    const keysOf = async (...args: Parameters<typeof t.read>): Promise<string> =>
      (await t.read(...args)).map(([key]) => key).join('');
    assert.equal(await keysOf({ gt: bytes('b') }), 'cd');
    assert.equal(await keysOf({ gte: bytes('b') }), 'bcd');
    assert.equal(await keysOf({ lt: bytes('c') }), 'ab');
    assert.equal(await keysOf({ lte: bytes('c') }), 'abc');
    assert.equal(await keysOf({ gte: bytes('b'), lt: bytes('d'), reverse: true }), 'cb');
    assert.equal(await keysOf({ gt: bytes('aa'), lte: bytes('cc') }), 'bc');
    assert.equal(await keysOf({ limit: 2 }), 'ab');
    assert.equal(await keysOf({ limit: 2, reverse: true }), 'dc');
    assert.equal(await keysOf({ limit: 0 }), '');
    assert.equal(await keysOf({ gte: bytes('c'), lt: bytes('b') }), '');
    assert.equal(await keysOf({ gte: bytes('c'), lt: bytes('c') }), '');
  });

  test('1. iterates only keys and only values', async (t) => {
    await t.put({ a: '1', b: '2' });
    const keys = t.engine.iterator({ ...byteEncodings, values: false });
    assert.deepEqual(
      (await keys.nextv(9)).map(([key]) => text(key)),
      ['a', 'b'],
    );
    await keys.close();
    const values = t.engine.iterator({ ...byteEncodings, keys: false });
    assert.deepEqual(
      (await values.nextv(9)).map(([, value]) => text(value)),
      ['1', '2'],
    );
    await values.close();
  });

  test('1. next returns entries one by one, then undefined; nextv returns pages, then an empty one', async (t) => {
    await t.put({ a: '1', b: '2', c: '3' });
    const one = t.engine.iterator(byteEncodings);
    const seen: string[] = [];
    for (let entry = await one.next(); entry; entry = await one.next()) seen.push(text(entry[0]));
    assert.equal(seen.join(''), 'abc');
    assert.equal(await one.next(), undefined);
    await one.close();
    const pages = t.engine.iterator(byteEncodings);
    assert.equal((await pages.nextv(2)).length, 2);
    assert.equal((await pages.nextv(2)).length, 1);
    assert.equal((await pages.nextv(2)).length, 0);
    await pages.close();
  });

  test('2. get and getMany agree with iteration, also on absent keys and empty values', async (t) => {
    await t.put({ a: '', b: 'x', 'b\0': 'y' });
    await t.holds({ a: '', b: 'x', 'b\0': 'y' });
    await t.lacks('', '\0', 'A', 'a\0', 'b\0\0', 'c');
  });

  test('2. values of any size are returned unchanged', async (t) => {
    const large = 'large '.repeat(200_000);
    await t.put({ empty: '', large, small: 's' });
    await t.holdsForGood({ empty: '', large, small: 's' });
  });

  test('3. the last operation on a key in a batch wins', async (t) => {
    const put = (key: string, value: string) =>
      ({ type: 'put', key: bytes(key), value: bytes(value) }) as const;
    const del = (key: string) => ({ type: 'del', key: bytes(key) }) as const;
    await t.put({ x: 'old', y: 'old' });
    const operations = [
      put('a', '1'),
      put('a', '2'),
      del('x'),
      put('x', 'new'),
      put('b', '1'),
      del('b'),
    ];
    await t.engine.batch([...operations, del('y'), del('never was')], byteEncodings);
    await t.holdsForGood({ a: '2', x: 'new' });
  });

  test('3. readers see a batch as a whole', async (t) => {
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index + 10}`);
    await t.put(keys.map((key) => [key, '0'] as const));
    let isWriting = true;
    const writing = (async () => {
      for (let round = 1; round <= 40; round++)
        await t.put(keys.map((key) => [key, `${round}`] as const));
    })().finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      const values = new Set((await t.read()).map(([, value]) => value));
      assert.equal(values.size, 1, `a reader saw ${[...values].join(' and ')}`);
    }
    await writing;
  });

  test('3. an empty batch changes nothing', async (t) => {
    await t.put({ a: '1' });
    await t.engine.batch([], byteEncodings);
    await t.holds({ a: '1' });
  });

  test('4. a read that begins after a write was acknowledged sees it', async (t) => {
    for (let round = 0; round < 50; round++) {
      await t.put([[`key ${round % 7}`, `${round}`]], { sync: round % 10 === 0 });
      assert.equal(await t.get(`key ${round % 7}`), `${round}`);
      const read = await t.read({ gte: bytes(`key ${round % 7}`), limit: 1 });
      assert.deepEqual(read, [[`key ${round % 7}`, `${round}`]]);
    }
    await t.delete('key 3');
    await t.lacks('key 3');
  });

  test('4. the caller may reuse its buffers once a write is acknowledged', async (t) => {
    const key = bytes('key');
    const value = bytes('value');
    await t.engine.batch([{ type: 'put', key, value }], byteEncodings);
    key.fill(0);
    value.fill(0);
    await t.holds({ key: 'value' });
  });

  test('5. a snapshot shows the state at its creation to get, getMany and later iterators', async (t) => {
    await t.put({ a: '1', b: '2' });
    const snapshot = t.engine.snapshot();
    await t.put({ a: 'new', c: '3' });
    await t.delete('b');
    await t.holds({ a: '1', b: '2' }, snapshot);
    await t.holds({ a: 'new', c: '3' });
    await snapshot.close();
    await t.holds({ a: 'new', c: '3' });
  });

  test('5. an iterator shows the state at its creation', async (t) => {
    await t.put({ a: '1', b: '2', c: '3', d: '4' });
    const unread = t.engine.iterator(byteEncodings);
    const begun = t.engine.iterator(byteEncodings);
    assert.deepEqual(
      (await begun.nextv(1)).map(([key]) => text(key)),
      ['a'],
    );
    await t.put({ b: 'new', bb: 'new' });
    await t.delete('c');
    assert.deepEqual(await drain(begun), [
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
    ]);
    assert.deepEqual(await drain(unread), [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
    ]);
  });

  test('5. reads and iterators refuse a closed snapshot', async (t) => {
    await t.put({ a: '1' });
    const snapshot = t.engine.snapshot();
    await t.replace([['b', 'c']], {});
    await snapshot.close();
    await assert.rejects(async () => t.get('a', snapshot), Error);
    await assert.rejects(async () => t.read({ snapshot }), Error);
  });

  test('8. a synced batch survives reopening', async (t) => {
    await t.put({ a: '1', b: '2' }, { sync: true });
    await t.holdsForGood({ a: '1', b: '2' });
  });
}
