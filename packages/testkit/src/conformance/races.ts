// Guarantees 5 and 6 under concurrency: views held across replacements, and concurrent writers and readers.

import assert from 'node:assert/strict';
import {
  type ByteIterator,
  type ByteOperation,
  byteEncodings,
  type Engine,
} from '@sstitch/contract';
import { bytes, type DeclareTest, drain, text } from './subject.js';

type Snapshot = ReturnType<Engine['snapshot']>;

const BASE = { a: '1', b: '2', c: '3', d: '4', e: '5' };
const AFTER = { a: '1', bb: 'new', d: '4', e: '5' };
const SPAN = ['b', 'd'] as const;
const REPLACEMENTS = 6;

export function testRaces(test: DeclareTest): void {
  test('5. iterators opened before a replacement show the old state, whether or not they have been read; later ones show the new state', async (t) => {
    await t.put(BASE);
    const unread = t.engine.iterator(byteEncodings);
    const begun = t.engine.iterator(byteEncodings);
    const reverse = t.engine.iterator({ ...byteEncodings, reverse: true });
    assert.equal((await begun.nextv(2)).length, 2);
    await t.replace([SPAN], { bb: 'new' });
    const later = t.engine.iterator(byteEncodings);
    assert.deepEqual(await drain(later), Object.entries(AFTER));
    assert.deepEqual(await drain(unread), Object.entries(BASE));
    assert.deepEqual(await drain(begun), Object.entries(BASE).slice(2));
    assert.deepEqual(await drain(reverse), Object.entries(BASE).reverse());
  });

  test('5. a snapshot taken before a replacement shows the old state to iterators created after it', async (t) => {
    await t.put(BASE);
    const snapshot = t.engine.snapshot();
    await t.replace([SPAN], { bb: 'new' });
    await t.holds(BASE, snapshot);
    await t.holds(AFTER);
    await t.replace([['']], {});
    await t.holds(BASE, snapshot);
    await snapshot.close();
    await t.holdsForGood({});
  });

  test('5. views of several states can be open at once and close in any order', async (t) => {
    const held: Array<{ round: number; snapshot: Snapshot; iterator: ByteIterator }> = [];
    for (let round = 0; round < 5; round++) {
      await t.replace([['a', 'z']], { a: `${round}`, [`k${round}`]: 'x' });
      held.push({
        round,
        snapshot: t.engine.snapshot(),
        iterator: t.engine.iterator(byteEncodings),
      });
    }
    for (const index of [2, 0, 4, 1, 3]) {
      const view = held[index];
      assert.ok(view);
      const expected = { a: `${view.round}`, [`k${view.round}`]: 'x' };
      await t.holds(expected, view.snapshot);
      await view.snapshot.close();
      assert.deepEqual(await drain(view.iterator), Object.entries(expected));
    }
    await t.holdsForGood({ a: '4', k4: 'x' });
  });

  test('5. a read that began before a replacement succeeds', async (t) => {
    await t.put(BASE);
    for (let round = 0; round < REPLACEMENTS; round++) {
      const reads = ['a', 'b', 'c'].map((key) => t.get(key));
      const replacing = t.replace([SPAN], { b: `${round}`, c: `${round}` });
      const [a] = await Promise.all(reads);
      assert.equal(a, '1');
      await replacing;
    }
  });

  test('6. readers concurrent with replacements see all spans in one state, never a mix', async (t) => {
    const keys = ['a1', 'a2', 'a3', 'm1', 'm2', 'z1', 'z2'];
    const entriesOf = (round: number) => keys.map((key) => [key, `${round}`] as const);
    const spans = [['a', 'b'], ['m', 'n'], ['z']] as const;
    await t.put([...entriesOf(0), ['between', 'stays']]);
    let isReplacing = true;
    let lastSeen = 0;
    const replacing = (async () => {
      for (let round = 1; round <= REPLACEMENTS; round++) {
        await t.replace(spans, entriesOf(round));
        assert.equal(await t.get('z2'), `${round}`);
      }
    })().finally(() => {
      isReplacing = false;
    });
    while (isReplacing) {
      const snapshot = t.engine.snapshot();
      const read = await t.read();
      const values = new Set(read.filter(([key]) => key !== 'between').map(([, value]) => value));
      assert.equal(values.size, 1, `an iterator saw ${[...values].join(' and ')}`);
      assert.equal(read.length, keys.length + 1);
      const seen = Number([...values][0]);
      assert.ok(seen >= lastSeen, 'a later read saw an earlier state');
      lastSeen = seen;
      const first = await t.get('a1', snapshot);
      assert.equal(await t.get('z2', snapshot), first);
      await snapshot.close();
    }
    await replacing;
  });

  test('6. a batch in flight when a replacement begins is ordered before or after it, as a whole', async (t) => {
    for (let round = 0; round < REPLACEMENTS; round++) {
      await t.replace([['']], { a: 'base', m: 'base', out: 'base' });
      const batch = t.put({ a: 'batch', m: 'batch', out: 'batch' });
      const replacing = t.replace(
        [
          ['a', 'b'],
          ['m', 'n'],
        ],
        { a: 'entry', m: 'entry' },
      );
      await Promise.all([batch, replacing]);
      const [a, m] = [await t.get('a'), await t.get('m')];
      assert.ok(a === 'batch' || a === 'entry', `key a holds ${a}`);
      assert.equal(m, a);
      assert.equal(await t.get('out'), 'batch');
    }
  });

  test('6. a batch issued while a replacement runs is ordered before or after it, as a whole, and is kept', async (t) => {
    for (let round = 0; round < REPLACEMENTS; round++) {
      await t.replace([['']], { a: 'base', m: 'base', out: 'base' });
      const replacing = t.replace(
        [
          ['a', 'b'],
          ['m', 'n'],
        ],
        { a: 'entry', m: 'entry' },
      );
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await t.put({ a: 'batch', m: 'batch', out: 'batch' });
      await replacing;
      const [a, m] = [await t.get('a'), await t.get('m')];
      assert.ok(a === 'batch' || a === 'entry', `key a holds ${a}`);
      assert.equal(m, a);
      assert.equal(await t.get('out'), 'batch');
    }
    await t.holdsForGood(await t.read());
  });

  test('6. writers concurrent with replacements lose nothing outside the spans and read their own writes', async (t) => {
    let isReplacing = true;
    const written = new Map<string, string>();
    const write = async (writer: number): Promise<void> => {
      for (let count = 0; isReplacing; count++) {
        const key = `out ${writer} ${count % 20}`;
        if (count % 5 === 4) {
          await t.delete(key);
          written.delete(key);
          assert.equal(await t.get(key), undefined);
        } else {
          await t.put([[key, `${count}`]], { sync: count % 7 === 0 });
          written.set(key, `${count}`);
          assert.equal(await t.get(key), `${count}`);
        }
        if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    const writing = Promise.all([write(0), write(1), write(2)]);
    for (let round = 0; round < REPLACEMENTS; round++) {
      await t.replace(
        [
          ['in', 'j'],
          ['q', 'r'],
        ],
        { 'in 1': `${round}`, q: `${round}` },
      );
    }
    isReplacing = false;
    await writing;
    const last = `${REPLACEMENTS - 1}`;
    await t.holdsForGood(Object.fromEntries([...written, ['in 1', last], ['q', last]]));
  });

  test('6. a key inside the span that is written meanwhile ends with the last written value or the entry', async (t) => {
    for (let round = 0; round < REPLACEMENTS; round++) {
      let isReplacing = true;
      let acknowledged = '';
      const writing = (async () => {
        for (let count = 0; isReplacing; count++) {
          await t.put({ in: `${count}` });
          acknowledged = `${count}`;
        }
      })();
      await t.replace([['i', 'j']], { in: 'entry' });
      isReplacing = false;
      await writing;
      const value = await t.get('in');
      assert.ok(value === 'entry' || value === acknowledged, `holds ${value}, not ${acknowledged}`);
      await t.put({ in: 'after' });
      assert.equal(await t.get('in'), 'after');
    }
  });

  test('6. concurrent replacements run one after another, each as a whole', async (t) => {
    await t.put(BASE);
    const calls = Array.from({ length: 4 }, (_, index) =>
      t.replace(
        [
          ['a', 'b'],
          ['d', 'e'],
        ],
        { a: `${index}`, d: `${index}` },
      ),
    );
    await Promise.all(calls);
    assert.equal(await t.get('a'), await t.get('d'));
    const disjoint = [t.replace([['a', 'b']], { a: 'A' }), t.replace([['d', 'e']], { d: 'D' })];
    await Promise.all(disjoint);
    await t.holdsForGood({ ...BASE, a: 'A', d: 'D' });
  });

  test('6. an iterator of the engine can supply the entries of its own replacement', async (t) => {
    await t.put(BASE);
    const source = t.engine.iterator({ ...byteEncodings, gte: bytes('b'), lt: bytes('d') });
    const moved = (async function* () {
      for (;;) {
        const page = await source.nextv(1);
        if (page.length === 0) break;
        yield page.map(([key, value]) => [bytes(`x${text(key)}`), value] as const);
      }
      await source.close();
    })();
    await t.engine.replaceSpans([{ start: bytes('b'), end: undefined }], moved);
    await t.holdsForGood({ a: '1', xb: '2', xc: '3' });
  });

  test('6. a large batch concurrent with a replacement is applied once', async (t) => {
    const operations = Array.from(
      { length: 3000 },
      (_, index): ByteOperation => ({ type: 'put', key: bytes(`k${index}`), value: bytes('v') }),
    );
    const replacing = t.replace([['in', 'j']], { in: 'entry' });
    await t.engine.batch(operations, byteEncodings);
    await replacing;
    assert.equal((await t.read({ gte: bytes('k'), lt: bytes('l') })).length, 3000);
    assert.equal(await t.get('in'), 'entry');
  });
}
