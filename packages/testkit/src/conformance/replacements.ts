// Guarantees 6 to 8: the result of replaceSpans, and what it refuses.

import assert from 'node:assert/strict';
import type { EntryPages } from '@sstitch/contract';
import {
  bytes,
  type DeclareTest,
  pagesOf,
  spansOf,
  type TextEntries,
  type TextSpan,
} from './subject.js';

const BASE = { a: '1', b: '2', c: '3', d: '4', e: '5' };

export function testReplacements(test: DeclareTest): void {
  test('6. replaces the content of a span, including its start, excluding its end', async (t) => {
    await t.put(BASE);
    const result = await t.replace([['b', 'd']], { bb: 'new', c: 'new' });
    assert.equal(result.entries, 2);
    assert.ok(result.pauseMs >= 0 && result.durationMs >= result.pauseMs);
    await t.holdsForGood({ a: '1', bb: 'new', c: 'new', d: '4', e: '5' });
  });

  test('6. an entry may lie at a span’s start and at the last key before its end', async (t) => {
    await t.put({ ...BASE, 'c\xff\xff': 'old' });
    await t.replace([['b', 'd']], { b: 'first', 'c\xff\xff\xff': 'last' });
    await t.holdsForGood({ a: '1', b: 'first', 'c\xff\xff\xff': 'last', d: '4', e: '5' });
  });

  test('6. distinguishes neighbours that differ by a trailing 00 or FF', async (t) => {
    const keys = [
      'a',
      'a\0',
      'a\0\0',
      'a\0\xff',
      'a\x01',
      'a\xfe\xff',
      'a\xff',
      'a\xff\0',
      'a\xff\xff',
      'b',
    ];
    await t.put(keys.map((key) => [key, 'old'] as const));
    await t.replace(
      [
        ['a\0', 'a\x01'],
        ['a\xff', 'b'],
      ],
      { 'a\0\x01': 'new', 'a\xff\xff\xff': 'new' },
    );
    await t.holdsForGood([
      ['a', 'old'],
      ['a\0\x01', 'new'],
      ['a\x01', 'old'],
      ['a\xfe\xff', 'old'],
      ['a\xff\xff\xff', 'new'],
      ['b', 'old'],
    ]);
  });

  test('6. a span without an end reaches to the last key, all FF or not', async (t) => {
    await t.put({ ...BASE, '\xff': 'x', ['\xff'.repeat(100)]: 'y' });
    await t.replace([['d']], { f: 'new', ['\xff'.repeat(99)]: 'new' });
    await t.holdsForGood([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['f', 'new'],
      ['\xff'.repeat(99), 'new'],
    ]);
  });

  test('6. a span from the empty key without an end is everything', async (t) => {
    await t.put({ ...BASE, '\0': 'x' });
    await t.replace([['']], { c: 'new' });
    await t.holdsForGood({ c: 'new' });
  });

  test('6. an empty span changes nothing, alone or between others', async (t) => {
    await t.put(BASE);
    await t.replace([['b', 'b']], {});
    await t.holds(BASE);
    await t.replace(
      [
        ['a', 'b'],
        ['c', 'c'],
        ['d', 'e'],
      ],
      { a: 'new', d: 'new' },
    );
    await t.holdsForGood({ a: 'new', b: '2', c: '3', d: 'new', e: '5' });
  });

  test('6. an empty list of spans changes nothing', async (t) => {
    await t.put(BASE);
    assert.equal((await t.replace([], {})).entries, 0);
    await t.holdsForGood(BASE);
  });

  test('6. several spans change together, even if some have no keys in the engine or no entries', async (t) => {
    await t.put(BASE);
    const spans: TextSpan[] = [
      ['0', '9'],
      ['a', 'b'],
      ['bb', 'c'],
      ['d', 'e'],
      ['x', 'y'],
    ];
    await t.replace(spans, { '5': 'new', a: 'new', ab: 'new', xx: 'new' });
    await t.holdsForGood({ '5': 'new', a: 'new', ab: 'new', b: '2', c: '3', e: '5', xx: 'new' });
  });

  test('6. adjacent spans share only a bound', async (t) => {
    await t.put(BASE);
    await t.replace(
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'd'],
      ],
      { a: '6', b: '7', bb: '8' },
    );
    await t.holdsForGood({ a: '6', b: '7', bb: '8', d: '4', e: '5' });
  });

  test('6. without entries it removes keys, which may be written again', async (t) => {
    await t.put(BASE);
    assert.equal((await t.replace([['b', 'e']], {})).entries, 0);
    await t.holdsForGood({ a: '1', e: '5' });
    await t.put({ c: 'again' });
    await t.holdsForGood({ a: '1', c: 'again', e: '5' });
  });

  test('6. it loads entries into an empty engine', async (t) => {
    await t.replace([['a', 'z']], BASE);
    await t.holdsForGood(BASE);
  });

  test('6. no old version of a key reappears, deleted or not', async (t) => {
    for (const value of ['1', '2', '3']) await t.put({ b: value, c: value, d: value, out: value });
    await t.delete('c');
    await t.replace([['b', 'd']], { b: 'new' });
    await t.holdsForGood({ b: 'new', d: '3', out: '3' });
    await t.replace([['b', 'd']], {});
    await t.holdsForGood({ d: '3', out: '3' });
  });

  test('6. a later write, or delete, wins over every entry', async (t) => {
    await t.put(BASE);
    for (let round = 0; round < 3; round++) {
      await t.replace([['b', 'd']], { b: `in ${round}`, c: `in ${round}` });
      await t.put({ b: `put ${round}` });
      await t.delete('c');
      await t.holds({ a: '1', b: `put ${round}`, d: '4', e: '5' });
    }
    await t.holdsForGood({ a: '1', b: 'put 2', d: '4', e: '5' });
  });

  test('6. replacing twice by the same entries results in the same state', async (t) => {
    await t.put(BASE);
    for (let round = 0; round < 2; round++) await t.replace([['b', 'd']], { b: 'x', bb: 'y' });
    await t.holdsForGood({ a: '1', b: 'x', bb: 'y', d: '4', e: '5' });
  });

  test('6. after many replacements of one span, the last one wins', async (t) => {
    await t.put(BASE);
    const expected = new Map<string, string>(Object.entries(BASE));
    for (let round = 0; round < 12; round++) {
      const [start, end] = ['abcde'.charAt(round % 5), 'cdefg'.charAt(round % 5)];
      await t.replace([[start, end]], { [`${start}${round}`]: `${round}` });
      for (const key of [...expected.keys()]) if (key >= start && key < end) expected.delete(key);
      expected.set(`${start}${round}`, `${round}`);
    }
    await t.holdsForGood(Object.fromEntries(expected));
  });

  test('6. thousands of entries replace thousands', async (t) => {
    const keyOf = (prefix: string, index: number) => `${prefix}${String(index).padStart(6, '0')}`;
    const many = (prefix: string, from: number, count: number, value: string) =>
      Array.from({ length: count }, (_, index) => [keyOf(prefix, from + index), value] as const);
    await t.put([...many('k', 0, 4000, 'old'), ...many('m', 0, 100, 'old')]);
    const entries = many('k', 500, 5000, 'new value');
    const spans = spansOf([['k000100', 'l']]);
    await t.engine.replaceSpans(spans, pagesOf(entries, 700));
    const expected = [...many('k', 0, 100, 'old'), ...entries, ...many('m', 0, 100, 'old')];
    assert.deepEqual(await t.read(), expected);
    assert.equal(await t.get('k003000'), 'new value');
    await t.lacks('k000100', 'k000499', 'k005500');
  });

  test('6. the caller may reuse its buffers once the promise has fulfilled', async (t) => {
    const [start, end, key, value] = [bytes('a'), bytes('c'), bytes('b'), bytes('value')];
    const pages = (async function* (): EntryPages {
      yield [[key, value]];
    })();
    await t.engine.replaceSpans([{ start, end }], pages);
    for (const buffer of [start, end, key, value]) buffer.fill(0);
    await t.holdsForGood({ b: 'value' });
  });

  const refused: ReadonlyArray<readonly [what: string, spans: TextSpan[], entries: TextEntries]> = [
    ['an inverted span', [['d', 'b']], {}],
    [
      'overlapping spans',
      [
        ['a', 'c'],
        ['b', 'd'],
      ],
      {},
    ],
    [
      'spans out of order',
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
      {},
    ],
    ['a span after one without an end', [['a'], ['b', 'c']], {}],
    ['an entry below its span', [['b', 'd']], { a: 'x' }],
    ['an entry at the end of its span', [['b', 'd']], { b: 'x', d: 'x' }],
    [
      'an entry between two spans',
      [
        ['a', 'b'],
        ['d', 'e'],
      ],
      { a: 'x', c: 'x' },
    ],
    ['an entry in an empty span', [['b', 'b']], { b: 'x' }],
    ['entries without a span', [], { b: 'x' }],
    [
      'entries out of order',
      [['a', 'z']],
      [
        ['b', 'x'],
        ['c', 'x'],
        ['a', 'x'],
      ],
    ],
    [
      'the same key twice',
      [['a', 'z']],
      [
        ['b', 'x'],
        ['b', 'y'],
      ],
    ],
  ];
  for (const [what, spans, entries] of refused) {
    test(`7. refuses ${what} and leaves the state as it was`, async (t) => {
      await t.put(BASE);
      await assert.rejects(async () => t.replace(spans, entries), Error);
      await t.holds(BASE);
      await t.put({ c: 'written after' });
      await t.holdsForGood({ ...BASE, c: 'written after' });
    });
  }

  test('7. if the source of entries fails, its error is thrown and the state is as it was', async (t) => {
    await t.put(BASE);
    const failing = (async function* (): EntryPages {
      yield [[bytes('b'), bytes('x')]];
      throw new Error('the source is broken');
    })();
    await assert.rejects(t.engine.replaceSpans(spansOf([['a', 'e']]), failing), (error: Error) =>
      /the source is broken/.test(
        `${error.message} ${(error.cause as Error | undefined)?.message}`,
      ),
    );
    await t.holds(BASE);
    await t.replace([['a', 'b']], { a: 'then it works' });
    await t.holdsForGood({ ...BASE, a: 'then it works' });
  });

  test('7. aborted before the call, it leaves the state as it was', async (t) => {
    await t.put(BASE);
    const reason = new Error('not wanted');
    await assert.rejects(
      async () => t.replace([['a', 'e']], { a: 'x' }, AbortSignal.abort(reason)),
      isAbortOf(reason),
    );
    await t.holdsForGood(BASE);
  });

  test('7. aborted while it reads entries, it leaves the state as it was', async (t) => {
    await t.put(BASE);
    const controller = new AbortController();
    const reason = { why: 'not wanted' };
    let wasClosed = false;
    const aborting = (async function* (): EntryPages {
      try {
        yield [[bytes('a'), bytes('x')]];
        controller.abort(reason);
        yield [[bytes('b'), bytes('x')]];
        yield [[bytes('c'), bytes('x')]];
      } finally {
        wasClosed = true;
      }
    })();
    const options = { signal: controller.signal };
    const replacing = t.engine.replaceSpans(spansOf([['a', 'e']]), aborting, options);
    await assert.rejects(replacing, isAbortOf(reason));
    assert.ok(wasClosed, 'the source of entries was left open');
    await t.holdsForGood(BASE);
  });

  test('7. aborted at any moment, it leaves the old or the new state, as the promise reports', async (t) => {
    await t.put(BASE);
    let before: TextEntries = BASE;
    for (let round = 0; round < 8; round++) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), round * 4);
      const after = { a: '1', b: `round ${round}`, e: '5' };
      const done = await t.replace([['b', 'e']], { b: `round ${round}` }, controller.signal).then(
        () => true,
        () => false,
      );
      await t.holds(done ? after : before);
      if (done) before = after;
    }
    await t.holdsForGood(before);
  });

  test('8. an acknowledged replacement, and synced batches before and after it, survive reopening', async (t) => {
    await t.put({ before: '1' }, { sync: true });
    await t.replace([['x', 'y']], { x: '2' });
    await t.put({ later: '3' }, { sync: true });
    await t.holdsForGood({ before: '1', later: '3', x: '2' });
  });
}

/** Returns a check that an error is the AbortError of a signal with this reason. */
function isAbortOf(reason: unknown): (error: Error) => boolean {
  return ({ name, cause }) => name === 'AbortError' && cause === reason;
}
